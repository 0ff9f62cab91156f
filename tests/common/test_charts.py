"""Charts: what the specifications say, and that the drawings are plain, safe and the same again."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from londonpsn.common import charts
from londonpsn.common.charts import AddedUp, Bar, Reached

DAY = date(2013, 9, 30)
REACHED = [
    Reached(date(2013, 7, 31), 114, 34),
    Reached(date(2013, 8, 31), 329, 139),
    Reached(DAY, 552, 309),
    Reached(date(2013, 10, 31), 899, 557, is_planned=True),
]
ADDED_UP = [
    AddedUp(date(2013, 7, 31), Decimal("-100")),
    AddedUp(date(2013, 8, 31), Decimal("-50")),
    AddedUp(DAY, Decimal("150")),
    AddedUp(date(2013, 10, 31), Decimal("300"), is_planned=True),
]
BARS = [
    Bar("2013-14", Decimal(100), Decimal(60), Decimal(20), Decimal(5)),
    Bar("2014-15", Decimal(100), Decimal(0), Decimal(120), Decimal(0), is_planned=True),
]


def burn_up(**more):
    options = {"day": DAY, "in_scope": 2425, "milestones": [50, 90, 100]} | more
    return charts.drawn(charts.burn_up, REACHED, **options)


def net(pays_back_on=DAY):
    options = {"day": DAY, "pays_back_on": pays_back_on, "words": "Pays back September 2013"}
    return charts.drawn(charts.cumulative_net, ADDED_UP, **options)


def bars():
    return charts.drawn(charts.money_bars, BARS)


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize("draw", [burn_up, net, bars])
def test_a_drawing_takes_its_width_from_the_page_and_is_passed_over_by_screen_readers(draw):
    drawing = draw()

    for name, svg in (("wide", drawing.wide), ("small", drawing.small)):
        root = ElementTree.fromstring(svg)  # noqa: S314, our own
        assert root.get("class") == name
        assert (root.get("aria-hidden"), root.get("focusable")) == ("true", "false")
        assert root.get("width") is None
        assert root.get("viewBox").startswith("0 0 ")
        held = {attribute for element in root.iter() for attribute in element.attrib}
        assert not {"style", "role", "aria-label", "aria-roledescription"} & held


@pytest.mark.parametrize(("name", "width"), [("wide", 720), ("small", 330)])
def test_each_width_is_drawn_for_itself(name, width):
    assert f'viewBox="0 0 {width} ' in getattr(burn_up(), name)


@pytest.mark.parametrize("draw", [burn_up, net, bars])
def test_the_same_rows_give_the_same_drawing(draw):
    first = draw()
    charts._svg.cache_clear()

    assert draw() == first


def test_threads_that_draw_at_once_get_the_same():
    charts._svg.cache_clear()

    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda _: burn_up(), range(8)))

    assert len(set(drawn)) == 1


def test_nothing_is_drawn_when_the_module_is_imported():
    """Workers are forked after it, and a fork must not take over a running engine."""
    program = (
        "import os, django; django.setup(); import londonpsn.common.charts;"
        "assert len(os.listdir('/proc/self/task')) == 1"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def test_lines_are_solid_to_the_day_and_dashed_after_it():
    spec = charts.burn_up(REACHED, day=DAY, in_scope=2425, milestones=[], width=720)
    lines = [layer for layer in spec["layer"] if layer["mark"]["type"] == "line"]

    solid = [line for line in lines if "strokeDash" not in line["mark"]]
    dashed = [line for line in lines if "strokeDash" in line["mark"]]
    assert {point["on"][:10] for line in solid for point in line["data"]["values"]} == {
        "2013-07-31",
        "2013-08-31",
        "2013-09-30",
    }
    assert [point["lines"] for point in dashed[0]["data"]["values"]] == [552, 899]


def test_the_burn_up_names_its_lines_its_milestones_and_its_day():
    wide, small = texts(burn_up().wide), texts(burn_up().small)

    assert {"Connected 552", "Ceased 309", "30 Sep 2013", "milestone 90% ceased"} <= set(wide)
    assert {"50%", "90%", "100%", "30 Sep 2013"} <= set(small)
    assert "0" in wide  # the axis starts there


def test_the_gap_between_connected_and_ceased_is_hatched():
    svg = burn_up().wide

    name = re.search(r'<pattern id="(\w+)"', svg)[1]
    assert f'fill="url(#{name})"' in svg
    assert name not in burn_up().small  # one page holds both


def test_below_zero_ends_where_the_line_crosses_it():
    spec = charts.cumulative_net(ADDED_UP, day=DAY, pays_back_on=None, words="", width=720)

    values = spec["layer"][0]["data"]["values"]
    assert [(value["on"][:10], value["pounds"]) for value in values] == [
        ("2013-07-31", -100.0),
        ("2013-08-31", -50.0),
        ("2013-09-07", 0),  # a quarter of the way up
        ("2013-09-30", 0),
        ("2013-10-31", 0),
    ]


def test_what_pays_back_is_marked_in_gold_with_its_words_and_what_never_does_is_not():
    assert charts.GOLD in net().wide
    assert "Pays back September 2013" in texts(net().wide)
    assert charts.GOLD not in net(pays_back_on=None).wide
    assert "Pays back September 2013" not in texts(net(pays_back_on=None).wide)


def test_bars_stack_the_old_at_the_foot_then_the_new_then_one_off():
    spec = charts.money_bars(BARS, width=720)

    parts = [tuple(part.values()) for part in spec["layer"][0]["data"]["values"]]
    assert parts == [
        ("2013-14", 0.0, 60.0, charts.OLD, 1),
        ("2013-14", 60.0, 80.0, charts.NEW, 1),
        ("2013-14", 80.0, 85.0, charts.ONE_OFF, 1),
        ("2014-15", 0.0, 120.0, charts.NEW, 0.55),
    ]


def test_bars_outline_the_old_price_and_label_the_net():
    spec = charts.money_bars(BARS, width=720)

    assert [row["to"] for row in spec["layer"][1]["data"]["values"]] == [100.0, 100.0]
    assert {"£15", "−£20"} <= set(texts(bars().wide))


@pytest.mark.parametrize(
    ("pounds", "written"),
    [
        ("302043.23", "£302k"),
        ("-479658", "−£480k"),
        ("1234567", "£1.2m"),
        ("999999", "£1m"),
        ("12.40", "£12"),
        ("-0.20", "£0"),
        ("0", "£0"),
    ],
)
def test_short_pounds(pounds, written):
    assert charts.short_pounds(Decimal(pounds)) == written


def test_one_row_alone_is_drawn_too():
    one = REACHED[:1]

    drawing = charts.drawn(charts.burn_up, one, day=one[0].on, in_scope=0, milestones=[50])
    alone = charts.drawn(charts.cumulative_net, ADDED_UP[:1], day=DAY, pays_back_on=None, words="")

    assert "NaN" not in drawing.wide + drawing.small + alone.wide + alone.small


def test_words_in_a_label_cannot_break_out_of_the_drawing():
    row = Bar("<script>&", Decimal(1), Decimal(0), Decimal(0), Decimal(0))

    drawing = charts.drawn(charts.money_bars, [row])

    assert "<script>" not in drawing.wide
    ElementTree.fromstring(drawing.wide)  # noqa: S314, our own
