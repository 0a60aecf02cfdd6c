"""Pictures as SVG, drawn here: attributes only, no script and no style, so that the strictest CSP holds. Every picture
has a title for who cannot see it, and the page has its figures in a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: its class (a colour in the style sheet) and its size."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A flow from one box to another; sizes are cents."""

    source: str
    target: str
    size: int


def bar(parts: Sequence[Part], whole: int, title: str, mark: int | None = None) -> Markup:
    """One bar of parts in a row, out of a whole; `mark` draws a line there, such as a threshold."""
    whole = max(whole, sum(part.size for part in parts), mark or 0, 1)
    drawn, at = [], 0.0
    for part in parts:
        width = part.size / whole * 1_000
        drawn.append(f'<rect class="{escape(part.name)}" x="{at:.1f}" y="0" width="{width:.1f}" height="40"/>')
        at += width
    if mark is not None:
        drawn.append(
            f'<line class="mark" x1="{mark / whole * 1_000:.1f}" x2="{mark / whole * 1_000:.1f}" y1="0" y2="40"/>'
        )
    return Markup(
        f'<svg class="bar" viewBox="0 0 1000 40" preserveAspectRatio="none" role="img" aria-label="{escape(title)}">'
        f'<rect class="rest" x="0" y="0" width="1000" height="40"/>{"".join(drawn)}</svg>'
    )


def columns(values: Sequence[tuple[str, Sequence[Part]]], title: str) -> Markup:
    """A column per label, each stacked of its parts."""
    if not values:
        return Markup("")
    highest = max(max(sum(part.size for part in parts) for _, parts in values), 1)
    step = 1_000 / len(values)
    drawn = []
    for place, (label, parts) in enumerate(values):
        x, below = place * step + step * 0.1, 200.0
        for part in parts:
            height = part.size / highest * 190
            below -= height
            drawn.append(
                f'<rect class="{escape(part.name)}" x="{x:.1f}" y="{below:.1f}" width="{step * 0.8:.1f}" '
                f'height="{height:.1f}"><title>{escape(label)}</title></rect>'
            )
    return Markup(
        f'<svg class="columns" viewBox="0 0 1000 200" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(title)}">{"".join(drawn)}</svg>'
    )


def streams(flows: Sequence[Stream], labels: dict[str, str], title: str) -> Markup:
    """Money as it flows from left to right, the width of a stream being its size (a Sankey diagram)."""
    flows = [flow for flow in flows if flow.size > 0]
    if not flows:
        return Markup("")
    depth: dict[str, int] = {}
    for _ in range(4):
        for flow in flows:
            depth[flow.source] = depth.get(flow.source, 0)
            depth[flow.target] = max(depth.get(flow.target, 0), depth[flow.source] + 1)
    sizes = {
        box: max(sum(f.size for f in flows if f.target == box), sum(f.size for f in flows if f.source == box))
        for box in depth
    }
    most = max(depth.values())
    tall, gap, wide = 26 * max(sum(1 for d in depth.values() if d == at) for at in range(most + 1)) + 60, 8, 14
    scale = min(
        (tall - gap * (sum(1 for d in depth.values() if d == at) - 1))
        / max(sum(size for box, size in sizes.items() if depth[box] == at), 1)
        for at in range(most + 1)
    )
    places: dict[str, tuple[float, float]] = {}
    for at in range(most + 1):
        y = 0.0
        for box in (box for box in depth if depth[box] == at):
            places[box] = (at * (760 / most), y)
            y += max(sizes[box] * scale, 1) + gap
    drawn, out_at, in_at = [], dict.fromkeys(depth, 0.0), dict.fromkeys(depth, 0.0)
    for flow in flows:
        (x1, y1), (x2, y2) = places[flow.source], places[flow.target]
        width = flow.size * scale
        begin, end = y1 + out_at[flow.source] + width / 2, y2 + in_at[flow.target] + width / 2
        out_at[flow.source] += width
        in_at[flow.target] += width
        middle = (x1 + wide + x2) / 2
        drawn.append(
            f'<path class="stream" fill="none" stroke-width="{max(width, 1):.1f}" '
            f'd="M{x1 + wide:.1f},{begin:.1f} C{middle:.1f},{begin:.1f} {middle:.1f},{end:.1f} {x2:.1f},{end:.1f}"/>'
        )
    for box, (x, y) in places.items():
        height = max(sizes[box] * scale, 1)
        drawn.append(f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{wide}" height="{height:.1f}"/>')
        drawn.append(
            f'<text x="{x + wide + 6:.1f}" y="{y + height / 2:.1f}" dominant-baseline="middle">'
            f"{escape(labels.get(box, box))}</text>"
        )
    return Markup(
        f'<svg class="streams" viewBox="0 0 1080 {tall}" role="img" aria-label="{escape(title)}">{"".join(drawn)}</svg>'
    )
