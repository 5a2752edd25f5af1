"""The few kinds of panel that both dashboards are made of, and what all of them have in common."""

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

LAST = common.ReduceDataOptions().calcs(["lastNotNull"])
SOURCE = common_models.DataSourceRef(type_val="prometheus", uid="${datasource}")

GREEN, YELLOW, RED, BLUE, GREY = "green", "yellow", "red", "blue", "#8e8e8e"
# One colour for one outcome, everywhere.
OUTCOMES = {
    "clear": GREY,
    "domestic": BLUE,
    "permitted": GREEN,
    "indeterminate": YELLOW,
    "violation": RED,
}


def new_dashboard(title, uid, description, time_from):
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["sumun"])
        .readonly()
        .timezone("browser")
        .time(time_from, "now")
        .refresh("1m")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(dashboard.DashboardLink("sumun").type(models.DashboardLinkType.DASHBOARDS).tags(["sumun"]))
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    )


def chosen(name, label, query):
    """A variable of which all values are chosen at first."""
    everything = models.VariableOption(selected=True, text="All", value="$__all")
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .query(query)
        .datasource(SOURCE)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .current(everything)
    )


def filled(board, sections):
    """`sections`: pairs of a title and the panels under it."""
    identity = 0
    for title, panels in sections:
        identity += 1
        board = board.with_row(dashboard.Row(title).id(identity))
        for panel in panels:
            identity += 1
            board = board.with_panel(panel.id(identity))
    return board


def _common(panel, title, description, unit, width, height):
    return (
        panel.title(title).description(description).datasource(SOURCE).unit(unit).span(width).height(height)
    )


def _colours(panel):
    for name, colour in OUTCOMES.items():
        fixed = {"mode": "fixed", "fixedColor": colour}
        panel = panel.override_by_name(name, [models.DynamicConfigValue(id_val="color", value=fixed)])
    return panel


def _thresholds(panel, steps):
    """`steps`: from which value on which colour; the first has none."""
    thresholds = [models.Threshold(value=value, color=colour) for value, colour in steps]
    mode = models.ThresholdsMode.ABSOLUTE
    return panel.thresholds(dashboard.ThresholdsConfig().mode(mode).steps(thresholds))


def number(title, description, expr, unit="short", bad_from=None, decimals=None, good_from=None):
    """One number of now. Red from `bad_from` on, or below `good_from`."""
    query = prometheus.Dataquery().expr(expr).instant().ref_id("A")
    panel = _common(stat.Panel(), title, description, unit, 4, 4)
    panel = panel.with_target(query).reduce_options(LAST).graph_mode(common_models.BigValueGraphMode.NONE)
    if decimals is not None:
        panel = panel.decimals(decimals)
    if bad_from is not None:
        return _thresholds(panel, [(None, GREEN), (bad_from, RED)])
    if good_from is not None:
        return _thresholds(panel, [(None, RED), (good_from, GREEN)])
    return _thresholds(panel, [(None, BLUE)])


def lines(title, description, queries, unit="short", width=12, stacked=False, minimum=0):
    """`queries`: pairs of expression and legend."""
    panel = _common(timeseries.Panel(), title, description, unit, width, 8).min(minimum)
    panel = panel.line_width(1).fill_opacity(40 if stacked else 10)
    panel = panel.show_points(common_models.VisibilityMode.NEVER)
    legend = common.VizLegendOptions().show_legend(True)
    legend = legend.display_mode(common_models.LegendDisplayMode.LIST)
    panel = panel.legend(legend.placement(common_models.LegendPlacement.BOTTOM))
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    for letter, (expr, name) in zip("ABCDEF", queries):
        query = prometheus.Dataquery().expr(expr).range().legend_format(name).ref_id(letter)
        panel = panel.with_target(query)
    return _colours(panel)


def bars(title, description, expr, name, unit="short", width=12):
    query = prometheus.Dataquery().expr(expr).instant().legend_format(name).ref_id("A")
    panel = _common(bargauge.Panel(), title, description, unit, width, 8).min(0)
    panel = panel.with_target(query).reduce_options(LAST).orientation(common_models.VizOrientation.HORIZONTAL)
    panel = panel.display_mode(common_models.BarGaugeDisplayMode.BASIC)
    return _colours(_thresholds(panel, [(None, BLUE)]))


def rows(title, description, expr, columns, value, unit="short", width=12):
    """A table with one row per series: `columns` are labels, `value` is the heading of its number."""
    query = prometheus.Dataquery().expr(expr).instant().format(PromQueryFormat.TABLE).ref_id("A")
    order = {name: position for position, name in enumerate([*columns, "Value"])}
    organize = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": {"Value": value}}
    panel = _common(table.Panel(), title, description, unit, width, 8).with_target(query).filterable(True)
    return panel.with_transformation(models.DataTransformerConfig(id_val="organize", options=organize))
