"""Charts: plain rows in, a drawing at two widths out; words, key and table stand beside it as text.

The builders are pure functions from rows to a Vega-Lite specification for one width; ``drawn``
makes SVG of it. Colours and rules: left axis in its own unit and with its zero, done is solid and
planned dashed or paler, no second axis, no smoothing. Pounds become floats here to be drawn only.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise

import vl_convert

from londonpsn.common.tables import ShownTable
from londonpsn.common.template_filters import MINUS

WIDE, SMALL = 720, 330
INK, SOFT, GRID, GOLD, BRICK = "#14242b", "#4a5b63", "#dbe3e4", "#ffd978", "#a8201a"
CONNECTED, CEASED, NET, MILESTONE = "#0f7386", "#083b47", "#083b47", "#6b4c9a"
OLD, NEW, ONE_OFF = "#a98a5e", "#0f7386", "#6b4c9a"
# Fills that are drawn as a hatch of their colour on white.
BOTH_RUNNING, BELOW_ZERO = "#e3b7a0", "#e08a83"
FONT = "Source Sans 3, Segoe UI, Helvetica Neue, Arial, sans-serif"
DASH = [5, 4]
MAY_BE_LABELLED = 8  # more bars than this have no room for their figures
DRAWINGS_KEPT = 128


@dataclass(frozen=True)
class Key:
    """An entry of a chart's key: its words, and ``mark``, the name of its picture."""

    words: str
    mark: str


@dataclass(frozen=True)
class Drawing:
    """One chart as SVG at both widths; the sheet shows one of them."""

    wide: str
    small: str


@dataclass(frozen=True)
class Chart:
    """A figure: its title, one sentence with the answer, the drawing, its key and its table.

    ``twin`` are the words that open the table, or say where it stands on the page.
    """

    title: str
    say: str
    drawing: Drawing
    table: ShownTable | None
    twin: str
    key: Sequence[Key] = field(default_factory=list)
    basis: str = ""


def drawn(build: Callable[..., dict], *rows, **options) -> Drawing:
    """Draw what ``build`` makes of rows at both widths. The same rows give the same SVG."""
    return Drawing(
        *(
            _svg(json.dumps(build(*rows, width=width, **options)), name)
            for width, name in ((WIDE, "wide"), (SMALL, "small"))
        )
    )


@lru_cache(maxsize=DRAWINGS_KEPT)
def _svg(spec: str, name: str) -> str:
    """Return SVG that takes the width it is given and that screen readers pass over.

    Under threads two may draw the same at once; they draw the same.
    """
    svg = vl_convert.vegalite_to_svg(json.loads(spec))
    svg = svg[svg.index("<svg") :]
    body = re.sub(r' (?:role|aria-[\w-]+|class|xmlns:xlink)="[^"]*"', "", svg)
    size = re.search(r'viewBox="[^"]*"', body)[0]
    body = body[body.index(">") + 1 :]
    prefix = f"h{sha256(spec.encode()).hexdigest()[:8]}{name[0]}"
    patterns = ""
    for number, colour in enumerate((BOTH_RUNNING, BELOW_ZERO)):
        if f'fill="{colour}"' in body:
            patterns += _hatch(f"{prefix}{number}", colour)
            body = body.replace(f'fill="{colour}"', f'fill="url(#{prefix}{number})"')
    if patterns:
        body = f"<defs>{patterns}</defs>{body}"
    return (
        f'<svg class="{name}" xmlns="http://www.w3.org/2000/svg" {size} '
        f'aria-hidden="true" focusable="false">{body}'
    )


def _hatch(name: str, colour: str) -> str:
    return (
        f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="#fff"/>'
        f'<rect width="3" height="6" fill="{colour}"/></pattern>'
    )


# Lines connected and ceased


@dataclass(frozen=True, slots=True)
class Reached:
    """How many lines had come how far by the end of a day; planned after the day shown."""

    on: date
    connected: int
    ceased: int
    is_planned: bool = False


def burn_up(
    rows: Sequence[Reached], *, day: date, in_scope: int, milestones: Sequence[int], width: int
) -> dict:
    """Lines connected and ceased of ``in_scope``, solid until ``day`` and dashed as planned.

    ``milestones`` are shares of ``in_scope`` in per cent.
    """
    is_wide = width == WIDE
    done = [row for row in rows if not row.is_planned]
    ahead = [*done[-1:], *(row for row in rows if row.is_planned)]

    def points(some, name):
        return [{"on": _moment(row.on), "lines": getattr(row, name)} for row in some]

    gap = [{"on": _moment(r.on), "from": r.ceased, "to": r.connected} for r in done]
    layers = [
        {
            "data": {"values": gap},
            "mark": {"type": "area", "fill": BOTH_RUNNING, "fillOpacity": 1, "opacity": 1},
            "encoding": {
                "x": _time(rows),
                "y": _lines_axis("from", in_scope),
                "y2": {"field": "to"},
            },
        }
    ]
    for percent in milestones:
        at = in_scope * percent / 100
        words = f"milestone {percent}% ceased" if is_wide else f"{percent}%"
        layers += [
            _across(at, color=MILESTONE, strokeDash=[2, 3], strokeWidth=1),
            _words(words, on=rows[0].on, y=at, dx=4, dy=-7, color=SOFT),
        ]
    for name, colour, thick in (("connected", CONNECTED, 2.5), ("ceased", CEASED, 3.5)):
        for some, style in (
            (ahead, {"strokeDash": DASH, "strokeWidth": 2}),
            (done, {"strokeWidth": thick}),
        ):
            if len(some) > 1:
                layers.append(_line(points(some, name), "lines", colour, **style))
    layers += _the_day(day, rows)
    if is_wide and done:
        last = done[-1]
        # what is planned climbs to the right, so the upper words stand left where there is room
        beside = _left() if len(done) > 4 and last.connected < in_scope * 0.8 else _right()
        words = f"Connected {last.connected:,}"
        layers.append(_words(words, on=last.on, y=last.connected, dy=-9, **beside))
        words = f"Ceased {last.ceased:,}"
        layers.append(_words(words, on=last.on, y=last.ceased, dy=13, **_right()))
    return _spec(layers, width, right=120 if is_wide else 14)


def councils_connected(rows: Sequence[Reached], *, day: date, councils: int, width: int) -> dict:
    """How many of ``councils`` are connected (``rows``' ``connected``), dashed as planned."""
    done = [row for row in rows if not row.is_planned]
    ahead = [*done[-1:], *(row for row in rows if row.is_planned)]
    layers = [_across(councils, color=MILESTONE, strokeDash=[2, 3], strokeWidth=1)]
    for some, style in ((ahead, {"strokeDash": DASH}), (done, {})):
        points = [{"on": _moment(row.on), "lines": row.connected} for row in some]
        if len(points) > 1:
            layers.append(_line(points, "lines", CONNECTED, strokeWidth=2.5, **style))
            layers[-1]["encoding"] |= {"x": _time(rows), "y": _lines_axis("lines", councils)}
    layers += _the_day(day, rows)
    if done:
        words = f"{done[-1].connected:,} of {councils:,}"
        layers.append(_words(words, on=done[-1].on, y=done[-1].connected, dy=13, **_right()))
    return _spec(layers, width, right=120 if width == WIDE else 14)


def _lines_axis(field_name: str, most: int) -> dict:
    return {
        "field": field_name,
        "type": "quantitative",
        "scale": {"domain": [0, max(most, 1)], "nice": True, "zero": True},
        "axis": _axis(format=",d", tickMinStep=1),
        "title": None,
    }


# What the moves come to, added up


@dataclass(frozen=True, slots=True)
class AddedUp:
    """Pounds net since the first month, at the end of a month."""

    on: date
    total: Decimal
    is_planned: bool = False


def cumulative_net(
    rows: Sequence[AddedUp], *, day: date, pays_back_on: date | None, words: str, width: int
) -> dict:
    """The running total of net: solid to date, dashed as planned, hatched below zero.

    ``pays_back_on`` is the end of the month in which it pays back, marked with ``words``; None for
    never, and no mark.
    """
    is_wide = width == WIDE
    points = [(row.on, float(row.total)) for row in rows]
    done = [row for row in rows if not row.is_planned]
    ahead = [*done[-1:], *(row for row in rows if row.is_planned)]
    y = _pounds_axis("pounds", [pounds for _, pounds in points])
    x = _time(rows)
    layers = [
        {
            "data": {"values": _below_zero(points)},
            "mark": {"type": "area", "fill": BELOW_ZERO, "fillOpacity": 1, "opacity": 1},
            "encoding": {"x": x, "y": y, "y2": {"datum": 0}},
        },
        _across(0, color=INK, strokeWidth=1.5),
    ]
    for some, style in (
        (ahead, {"strokeDash": DASH, "strokeWidth": 2}),
        (done, {"strokeWidth": 3}),
    ):
        if len(some) > 1:
            values = [{"on": _moment(row.on), "pounds": float(row.total)} for row in some]
            layers.append(_line(values, "pounds", NET, **style))
    layers += _the_day(day, rows)
    if is_wide and done:
        text, last = short_pounds(done[-1].total), done[-1]
        beside = _left() if last.total < 0 and len(done) > 3 else _right()
        layers.append(_words(text, on=last.on, y=float(last.total), dy=14, **beside))
    at = next((pounds for on, pounds in points if on == pays_back_on), None)
    if at is not None:
        is_late = points.index((pays_back_on, at)) > len(points) / 2
        mark = {"type": "point", "shape": "diamond", "filled": True, "size": 190, "fill": GOLD}
        layers += [
            {
                **_placed(pays_back_on, at),
                "mark": {**mark, "stroke": INK, "strokeWidth": 1.5, "opacity": 1},
            },
            _words(words, on=pays_back_on, y=at, dy=-22, **(_left() if is_late else _right())),
        ]
    return _spec(layers, width, right=80 if is_wide else 14)


def _below_zero(points: Sequence[tuple[date, float]]) -> list[dict]:
    """The points cut off at zero, with the days on which straight lines between them cross it."""
    found = []
    for (on, pounds), (later, then) in pairwise(points):
        found.append((_moment(on), min(pounds, 0)))
        if pounds * then < 0:
            crossed = on.toordinal() + (later - on).days * pounds / (pounds - then)
            found.append((_moment(date.fromordinal(round(crossed))), 0))
    found += [(_moment(on), min(pounds, 0)) for on, pounds in points[-1:]]
    return [{"on": on, "pounds": pounds} for on, pounds in found]


# Where the old price goes


@dataclass(frozen=True, slots=True)
class Bar:
    """Pounds of one period: its old price, and what was paid of it."""

    label: str
    baseline: Decimal
    legacy: Decimal
    new: Decimal
    one_off: Decimal
    is_planned: bool = False

    @property
    def paid(self) -> Decimal:
        return self.legacy + self.new + self.one_off


def money_bars(rows: Sequence[Bar], *, width: int) -> dict:
    """Still paid for the old at the foot, new service, one-off; the old price outlined over them.

    Planned periods are paler. What the outline leaves free is the net.
    """
    parts, outlines = [], []
    for row in rows:
        foot = Decimal(0)
        for name, colour in (("legacy", OLD), ("new", NEW), ("one_off", ONE_OFF)):
            top = foot + getattr(row, name)
            if top > foot:
                part = {"label": row.label, "from": float(foot), "to": float(top)}
                parts.append(part | {"colour": colour, "shade": 0.55 if row.is_planned else 1})
            foot = top
        net = row.baseline - row.paid
        outlines.append(
            {
                "label": row.label,
                "from": 0,
                "to": float(row.baseline),
                "top": float(max(row.baseline, row.paid)),
                "net": short_pounds(net),
            }
        )
    y = _pounds_axis("from", [outline["top"] for outline in outlines])
    every = max(1, -(-len(rows) // (12 if width == WIDE else 5)))
    x = {
        "field": "label",
        "type": "ordinal",
        "sort": None,
        "scale": {"domain": [row.label for row in rows], "paddingInner": 0.4, "paddingOuter": 0.2},
        "axis": _axis(
            grid=False, labelAngle=0, values=[row.label for row in rows[::every]], domain=False
        ),
        "title": None,
    }
    outline = {"type": "bar", "filled": False, "stroke": INK, "strokeDash": [4, 3]}
    layers = [
        {
            "data": {"values": parts},
            "mark": {"type": "bar"},
            "encoding": {
                "x": x,
                "y": y,
                "y2": {"field": "to"},
                "color": {"field": "colour", "type": "nominal", "scale": None},
                "fillOpacity": {"field": "shade", "type": "quantitative", "scale": None},
            },
        },
        {
            "data": {"values": outlines},
            "mark": {**outline, "strokeWidth": 1.5},
            "encoding": {"x": x, "y": y, "y2": {"field": "to"}},
        },
        _across(0, color=INK, strokeWidth=1.5),
    ]
    if len(rows) <= MAY_BE_LABELLED and width == WIDE:
        layers.append(
            {
                "data": {"values": outlines},
                "mark": {"type": "text", "dy": -8, "color": INK, "fontWeight": 600},
                "encoding": {
                    "x": x,
                    "y": y | {"field": "top"},
                    "text": {"field": "net", "type": "nominal"},
                },
            }
        )
    return _spec(layers, width, right=14)


def short_pounds(value: Decimal) -> str:
    """Write pounds for a label: ``£302k``, ``−£1.2m``; to the pound below a thousand."""
    size = abs(value)
    if size >= 999_500:
        words = f"{size / 1_000_000:.1f}".removesuffix(".0") + "m"
    elif size >= 1_000:
        words = f"{size / 1_000:.0f}k"
    else:
        words = f"{size:.0f}"
    return f"{MINUS if value < 0 and words != '0' else ''}£{words}"


# What they are made of


def _spec(layers: list[dict], width: int, *, right: int) -> dict:
    left, top, foot = (62, 26, 30) if width == WIDE else (52, 24, 28)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width - left - right,
        "height": (300 if width == WIDE else 240) - top - foot,
        "padding": {"left": left, "top": top, "right": right, "bottom": foot},
        "autosize": {"type": "none"},
        "background": None,
        "layer": layers,
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "text": {"font": FONT, "fontSize": 14, "baseline": "middle"},
        },
    }


def _axis(**more) -> dict:
    return {
        "domain": False,
        "ticks": False,
        "gridColor": GRID,
        "labelColor": SOFT,
        "labelFont": FONT,
        "labelFontSize": 14,
        "labelPadding": 8,
        "tickCount": 5,
        **more,
    }


def _time(rows: Sequence) -> dict:
    """Days in UTC, so that the drawing does not depend on the machine's own time zone."""
    days = [row.on for row in rows]
    months = (max(days) - min(days)).days / 30
    step = 3 if months <= 20 else 12
    return {
        "field": "on",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [_moment(min(days)), _moment(max(days))]},
        "axis": _axis(
            grid=False,
            labelAngle=0,
            labelOverlap=True,
            format="%b %Y",
            tickCount={"interval": "month", "step": step},
        ),
        "title": None,
    }


def _pounds_axis(field_name: str, values: Sequence[float]) -> dict:
    most = max((abs(value) for value in values), default=0)
    divisor, unit = next(((d, u) for d, u in ((1e6, "m"), (1e3, "k")) if most >= 0.9 * d), (1, ""))
    written = (
        f"(datum.value < 0 ? '{MINUS}' : '') + '£' + format(abs(datum.value) / {divisor:.0f}, ',')"
        f" + (datum.value == 0 ? '' : '{unit}')"
    )
    return {
        "field": field_name,
        "type": "quantitative",
        "scale": {
            "domain": [min([0, *values]), max([0, *values]) or 1],
            "nice": True,
            "zero": True,
        },
        "axis": _axis(labelExpr=written),
        "title": None,
    }


def _line(values: list[dict], name: str, colour: str, **style) -> dict:
    return {
        "data": {"values": values},
        "mark": {"type": "line", "color": colour, "strokeJoin": "round", **style},
        "encoding": {
            "x": {"field": "on", "type": "temporal"},
            "y": {"field": name, "type": "quantitative"},
        },
    }


def _across(y: float, **style) -> dict:
    mark = {"type": "rule", **style}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": {"y": {"datum": y}}}


def _the_day(day: date, rows: Sequence) -> list[dict]:
    """A thin upright at the day shown, with its words over it towards the middle."""
    days = [row.on for row in rows]
    if not min(days) <= day <= max(days):
        return []
    is_late = (day - min(days)) * 2 > max(days) - min(days)
    upright = _placed(day, None) | {"mark": {"type": "rule", "color": INK, "strokeWidth": 1}}
    upright["encoding"] |= {"y": {"value": -8}, "y2": {"value": "height"}}
    return [
        upright,
        _words(
            f"{day.day} {day:%b %Y}", on=day, y=None, dy=-14, **(_left() if is_late else _right())
        ),
    ]


def _left() -> dict:
    return {"align": "right", "dx": -7, "fontWeight": 600}


def _right() -> dict:
    return {"align": "left", "dx": 7, "fontWeight": 600}


def _words(text: str, *, on: date, y: float | None, **style) -> dict:
    mark = {"type": "text", "text": text, "color": INK, "align": "left", **style}
    return {**_placed(on, y), "mark": mark}


def _placed(on: date, y: float | None) -> dict:
    """One mark at a day, at a value or at the top."""
    at = {"value": 0} if y is None else {"datum": y}
    encoding = {"x": {"field": "on", "type": "temporal"}, "y": at}
    return {"data": {"values": [{"on": _moment(on)}]}, "encoding": encoding}


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
