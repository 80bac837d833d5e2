/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Shows the events of a run with vis-timeline; all text is escaped. */
(function () {
  'use strict';
  const data = JSON.parse(document.getElementById('chart-data').textContent);
  const origin = Date.parse(data.started);
  const time = (seconds) => origin + seconds * 1000;
  const escape = (text) => text.replace(/[&<>"']/g, (character) =>
    '&#' + character.charCodeAt(0) + ';');
  const rowOf = (item) => item.category + '/' + item.row;
  const rows = new Map();
  data.categories.forEach(([category]) => data.items.forEach(
    (item) => {
      if (item.category === category && !rows.has(rowOf(item))) {
        rows.set(rowOf(item), {
          id: rowOf(item), content: escape(item.row), category: category,
          order: rows.size, subgroupStack: true });
      }
    }));
  const shown = data.items.map((item, number) => ({
    id: number, group: rowOf(item), subgroup: item.lane,
    start: time(item.start),
    end: time(Math.max(item.end, item.start + data.seconds / 2000)),
    content: escape(item.text) || '&nbsp;', title: escape(item.title),
    className: item.kind, type: 'range' }));
  const groups = new vis.DataSet([...rows.values()]);
  const items = new vis.DataSet(shown);
  const margin = Math.max(data.seconds * 0.02, 0.5);
  const chart = new vis.Timeline(document.getElementById('chart'), items,
    groups, {
      stack: false, stackSubgroups: true, selectable: true, maxHeight: 620,
      verticalScroll: true, zoomKey: 'ctrlKey', horizontalScroll: false,
      orientation: 'top', groupOrder: 'order', showCurrentTime: false, zoomMin: 50,
      min: time(-10 * margin), max: time(data.seconds + 10 * margin),
      start: time(-margin), end: time(data.seconds + margin),
      margin: { item: { horizontal: 0, vertical: 1 }, axis: 2 },
      moment: (date) => vis.moment(date).utc(),
      tooltip: { followMouse: true, overflowMethod: 'cap', delay: 100 } });
  // The panel of the labels scrolls, so the keyboard must reach it.
  document.querySelector('#chart .vis-left').tabIndex = 0;
  const detail = document.getElementById('chart-detail');
  const filter = document.getElementById('chart-filter');
  const boxes = [...document.querySelectorAll('#chart-controls fieldset input')];
  let matching = data.items.map((item, number) => number);
  let selected = null;
  function select(number, move) {
    selected = number;
    const item = data.items[number];
    detail.textContent = item.start.toFixed(1) + ' s: ' + item.title;
    if (move) {
      chart.setSelection([number]);
      const span = Math.max(item.end - item.start, data.seconds / 20);
      chart.setWindow(time(item.start - span), time(item.end + span),
        { animation: false });
    }
  }
  function apply() {
    const on = new Set(boxes.filter((box) => box.checked).map(
      (box) => box.name));
    const word = filter.value.toLowerCase();
    matching = data.items.map((item, number) => number).filter((number) =>
      on.has(data.items[number].category) &&
      data.items[number].title.toLowerCase().includes(word));
    matching.sort((one, other) =>
      data.items[one].start - data.items[other].start);
    items.clear();
    items.add(matching.map((number) => shown[number]));
    const kept = new Set(matching.map((number) => rowOf(data.items[number])));
    groups.update([...rows.values()].map((row) => (
      { id: row.id, visible: kept.has(row.id) })));
    detail.textContent = matching.length + ' of ' + data.items.length +
      ' events are shown. Times are UTC.';
  }
  function step(by) {
    if (!matching.length) { return; }
    const place = matching.indexOf(selected);
    select(matching[place < 0 ? (by > 0 ? 0 : matching.length - 1) :
      Math.min(Math.max(place + by, 0), matching.length - 1)], true);
  }
  function move(by) {
    const seen = chart.getWindow();
    const span = (seen.end - seen.start) * by;
    chart.setWindow(+seen.start + span, +seen.end + span,
      { animation: false });
  }
  const actions = {
    'first-error': () => select(data.firstError, true),
    fit: () => chart.setWindow(time(-margin), time(data.seconds + margin),
      { animation: false }),
    in: () => chart.zoomIn(0.5, { animation: false }),
    out: () => chart.zoomOut(0.5, { animation: false }),
    left: () => move(-0.5), right: () => move(0.5),
    previous: () => step(-1), next: () => step(1) };
  document.querySelectorAll('#chart-controls button').forEach((button) => {
    if (button.dataset.do === 'first-error' && data.firstError === null) {
      button.disabled = true;
      button.textContent = 'No error';
    }
    button.addEventListener('click', actions[button.dataset.do]);
  });
  document.getElementById('chart-controls').addEventListener('submit',
    (event) => event.preventDefault());
  boxes.forEach((box) => {
    if (![...rows.values()].some((row) => row.category === box.name)) {
      box.checked = false;
      box.disabled = true;
    }
    box.addEventListener('change', apply);
  });
  filter.addEventListener('input', apply);
  chart.on('select', (event) => {
    if (event.items.length) { select(event.items[0], false); }
  });
}());
