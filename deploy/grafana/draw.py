"""Draws some panels as SVG from the answers that `tests/it/scenarios/dashboards.rs` leaves in
target/tmp/dashboards.json: `python3 draw.py ANSWERS.json >panels.svg`. Plain Python.

Not what Grafana draws: the same queries and the same answers, in a form that needs no Grafana.
"""

import json
import math
import re
import sys
from html import escape

PANELS = [
    "Transfers per second by outcome",
    "Transfers abroad per second by country",
    "Reasons by country",
    "Transfers by kind of basis",
    "Records per second by outcome",
    "Time of the stages",
]
NOTE = (
    "Drawn from Prometheus' answers to the dashboards' own queries, in a test run on a real Kafka with made-up "
    "customers and an unoptimised build. Not a screenshot of Grafana."
)
COLOURS = ["#3274d9", "#e0752d", "#8f3bb8", "#0a764e", "#ba43a9", "#6c7a0a", "#2f8fa3", "#8e8e8e"]
OUTCOMES = {
    "clear": "#8e8e8e",
    "domestic": "#3274d9",
    "permitted": "#37872d",
    "indeterminate": "#e0b400",
    "violation": "#c4162a",
}
WIDTH, HEIGHT, GAP, TOP = 460, 230, 20, 34
ROWS_SHOWN = 9


def text(x, y, words, size=11, anchor="start", colour="#333", weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )


def readable(value, unit):
    if unit == "s" and value:
        for factor, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
            if value >= factor:
                return f"{value / factor:.3g} {name}"
    if value >= 1000:
        return f"{value / 1000:.3g} k"
    return f"{value:.3g}"


def name_of(query, labels):
    pattern = query.get("legendFormat") or " ".join(f"{{{{{label}}}}}" for label in labels)
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), pattern).strip()


def numbers(series):
    return [(float(at), float(value)) for at, value in series["values"] if math.isfinite(float(value))]


def colour(name, position):
    return OUTCOMES.get(name, COLOURS[position % len(COLOURS)])


def lines(answers, unit, is_stacked):
    named = [(name_of(a["query"], s["metric"]), numbers(s)) for a in answers for s in a["result"]]
    if is_stacked:
        order = list(OUTCOMES)
        named.sort(key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))
    named = [(name, points) for name, points in named if points]
    first = min(points[0][0] for _, points in named)
    last = max(points[-1][0] for _, points in named)
    base = {}
    drawn = []
    for name, points in named:
        under = [(at, base.get(at, 0.0) if is_stacked else 0.0) for at, _ in points]
        over = [(at, value + low) for (at, value), (_, low) in zip(points, under)]
        base.update(over if is_stacked else [])
        drawn.append((name, under, over))
    top = max((value for _, _, over in drawn for _, value in over), default=1) or 1
    left, right, upper, lower = 52, WIDTH - 8, 32, HEIGHT - 52

    def place(at, value):
        across = (at - first) / ((last - first) or 1)
        return f"{left + across * (right - left):.1f},{lower - value / top * (lower - upper):.1f}"

    out = []
    for part in range(5):
        y = lower - part / 4 * (lower - upper)
        out.append(f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>')
        out.append(text(left - 6, y + 4, readable(top * part / 4, unit), 10, "end", "#666"))
    for position, (name, under, over) in enumerate(drawn):
        shade = colour(name, position)
        line = " ".join(place(*point) for point in over)
        if is_stacked:
            back = " ".join(place(*point) for point in reversed(under))
            out.append(f'<polygon points="{line} {back}" fill="{shade}" fill-opacity="0.45"/>')
        out.append(f'<polyline points="{line}" fill="none" stroke="{shade}" stroke-width="1.5"/>')
    out.append(text(left, lower + 14, "0 s", 10, "start", "#666"))
    out.append(text(right, lower + 14, f"{last - first:.0f} s", 10, "end", "#666"))
    x, y = left, lower + 30
    for position, (name, _, _) in enumerate(drawn):
        width = 22 + 6.2 * len(name)
        if x + width > right:
            x, y = left, y + 14
        out.append(f'<rect x="{x}" y="{y - 8}" width="9" height="9" fill="{colour(name, position)}"/>')
        out.append(text(x + 13, y, name, 10))
        x += width
    return out


def bars(answers, unit):
    found = [(name_of(a["query"], s["metric"]), float(s["value"][1])) for a in answers for s in a["result"]]
    found.sort(key=lambda pair: -pair[1])
    top = max(value for _, value in found) or 1
    out = []
    for position, (name, value) in enumerate(found[:ROWS_SHOWN]):
        y = 44 + position * 24
        out.append(text(12, y + 12, name))
        width = value / top * (WIDTH - 240)
        out.append(f'<rect x="150" y="{y}" width="{width:.1f}" height="16" fill="{COLOURS[0]}"/>')
        out.append(text(156 + width, y + 12, readable(value, unit)))
    return out


def table(answers, unit):
    organize = answers[0]["panel"]["transformations"][0]["options"]
    columns = [label for label in organize["indexByName"] if label != "Value"]
    found = [(s["metric"], float(s["value"][1])) for a in answers for s in a["result"]]
    found.sort(key=lambda pair: -pair[1])
    places = [12, 80, 190, 400]
    out = [text(x, 44, name, weight="bold") for x, name in zip(places, columns)]
    out.append(text(WIDTH - 12, 44, organize["renameByName"]["Value"], anchor="end", weight="bold"))
    shown = found[: ROWS_SHOWN - 1]
    for position, (labels, value) in enumerate(shown):
        y = 62 + position * 18
        for x, label in zip(places, columns):
            out.append(text(x, y, labels.get(label, ""), colour=OUTCOMES.get(labels.get(label), "#333")))
        out.append(text(WIDTH - 12, y, readable(value, unit), anchor="end"))
    if len(found) > len(shown):
        out.append(text(12, 62 + len(shown) * 18, f"and {len(found) - len(shown)} more", 10, colour="#666"))
    return out


def draw(answers):
    panel = answers[0]["panel"]
    defaults = panel["fieldConfig"]["defaults"]
    unit = defaults.get("unit", "")
    if panel["type"] == "timeseries":
        stacking = defaults.get("custom", {}).get("stacking", {}).get("mode")
        content = lines(answers, unit, stacking == "normal")
    elif panel["type"] == "bargauge":
        content = bars(answers, unit)
    else:
        content = table(answers, unit)
    frame = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff" stroke="#d5d5d5"/>'
    return [frame, text(12, 20, panel["title"], 12, weight="bold"), *content]


def main(answers):
    width = 2 * WIDTH + 3 * GAP
    height = TOP + (len(PANELS) + 1) // 2 * (HEIGHT + GAP)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#f6f6f6"/>',
        text(GAP, 22, NOTE, 10, colour="#444"),
    ]
    for position, title in enumerate(PANELS):
        of_panel = [answer for answer in answers if answer["panel"]["title"] == title]
        x = GAP + position % 2 * (WIDTH + GAP)
        y = TOP + position // 2 * (HEIGHT + GAP)
        out += [f'<g transform="translate({x},{y})">', *draw(of_panel), "</g>"]
    print("\n".join([*out, "</svg>"]))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        main(json.load(file))
