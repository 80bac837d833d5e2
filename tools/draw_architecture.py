# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Draws the packages of heat_upgrade and their imports as an SVG picture.

    python tools/draw_architecture.py > doc/source/contributor/architecture.svg

A package stands above the packages that it imports. An arrow that other
arrows imply is left out.
"""

import ast
import pathlib

TOOL = pathlib.Path(__file__).resolve().parents[1] / 'heat_upgrade'

# Pixels.
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 118, 30, 22, 44, 16

Graph = dict[str, set[str]]


def imports(top: pathlib.Path = TOOL) -> Graph:
    """Return {package: the packages that it imports}, without the tests."""
    graph: Graph = {}
    for path in sorted(top.rglob('*.py')):
        package = _name(path.relative_to(top).parts[0])
        if package in ('tests', '__init__'):
            continue
        graph.setdefault(package, set())
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = f'{node.module}.{node.names[0].name}'.split('.')
                if names[0] == top.name and names[1] != package:
                    graph[package].add(names[1])
    return graph


def _name(part: str) -> str:
    return part.removesuffix('.py')


def below(graph: Graph, package: str) -> set[str]:
    """Return every package that a package imports, also indirectly."""
    direct = graph[package]
    return direct.union(*(below(graph, one) for one in direct))


def reduced(graph: Graph) -> Graph:
    """Return the graph without the imports that other imports imply."""
    return {package: {one for one in direct if not any(
        one in below(graph, other) for other in direct - {one})}
        for package, direct in graph.items()}


def rows(graph: Graph) -> list[list[str]]:
    """Return the packages row by row; nothing imports the first row."""
    def depth(package: str) -> int:
        above = [one for one, direct in graph.items() if package in direct]
        return 1 + max(map(depth, above), default=-1)
    found: list[list[str]] = []
    for package in sorted(graph):
        place = depth(package)
        found.extend([] for _ in range(place + 1 - len(found)))
        found[place].append(package)
    return found


def svg(graph: Graph) -> str:
    """Return the picture of a graph without cycles."""
    lines = rows(graph)
    width = 2 * MARGIN + max(
        len(line) * (WIDTH + GAP_X) - GAP_X for line in lines)
    height = 2 * MARGIN + len(lines) * (HEIGHT + GAP_Y) - GAP_Y
    place: dict[str, tuple[int, int]] = {}
    for number, line in enumerate(lines):
        left = (width - len(line) * (WIDTH + GAP_X) + GAP_X) // 2
        for column, package in enumerate(line):
            place[package] = (left + column * (WIDTH + GAP_X),
                              MARGIN + number * (HEIGHT + GAP_Y))
    arrows = [_arrow(place[package], place[one])
              for package, direct in sorted(reduced(graph).items())
              for one in sorted(direct)]
    boxes = [_box(package, *place[package]) for package in sorted(place)]
    return '\n'.join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="13">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" '
        'markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#889"/></marker></defs>',
        *arrows, *boxes, '</svg>', ''])


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    (x1, y1), (x2, y2) = start, end
    x1, x2, y1 = x1 + WIDTH // 2, x2 + WIDTH // 2, y1 + HEIGHT
    middle = (y1 + y2) // 2
    return (f'<path d="M{x1} {y1}C{x1} {middle} {x2} {middle} {x2} {y2}" '
            'fill="none" stroke="#889" marker-end="url(#tip)"/>')


def _box(package: str, left: int, top: int) -> str:
    return (f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" '
            'rx="5" fill="#eef3fb" stroke="#36629e"/>'
            f'<text x="{left + WIDTH // 2}" y="{top + 20}" '
            f'text-anchor="middle">{package}</text>')


if __name__ == '__main__':
    print(svg(imports()), end='')
