"""Privacy: where does data go, on what basis, what is not covered, and since when?

All members together: who inspected a record does not matter here.
"""

from panels import bars, filled, lines, new_dashboard, number, rows

ABROAD = 'outcome=~"permitted|indeterminate|violation"'
RANGE = "[$__range]"
RATE = "[$__rate_interval]"
# The reasons that were counted between two points of the chosen time; when, is the time of the point.
SEEN = f"sum by (country, reason) (increase(sumun_transfer_reasons_total{RATE})) > 0"


def build():
    board = new_dashboard(
        "sumun: transfers abroad",
        "sumun-privacy",
        "Where personal data goes, on what legal basis, what is not covered and since when. Counts of transfers: "
        "a record's data of one person to one recipient. The register itself is made from the receipts, and names "
        "recipients and persons; no metric does.",
        "now-24h",
    )
    return filled(board, [now(), where(), basis(), uncovered(), what(), relied_on()])


def transfers(outcome):
    return f'sum(increase(sumun_transfers_total{{outcome="{outcome}"}}{RANGE}))'


def now():
    abroad = f"sum(increase(sumun_transfers_total{{{ABROAD}}}{RANGE}))"
    return "In the chosen time", [
        number(
            "Not covered",
            "Transfers abroad that no legal basis covers.",
            transfers("violation"),
            bad_from=1,
            decimals=0,
        ),
        number(
            "Not to be judged",
            "Transfers of which country, facts or payload did not say enough.",
            transfers("indeterminate"),
            bad_from=1,
            decimals=0,
        ),
        number(
            "Covered",
            "Share of the transfers abroad that a legal basis covers.",
            f"{transfers('permitted')} / {abroad}",
            unit="percentunit",
            good_from=1,
            decimals=2,
        ),
        number(
            "Countries not covered",
            "Countries into which data went without a basis.",
            'count(sum by (country) (increase(sumun_transfer_destinations_total{outcome="violation"}'
            f"{RANGE})) > 0) or vector(0)",
            bad_from=1,
        ),
        number(
            "Resident numbers not covered",
            "Transfers with resident registration numbers: no consent can permit them (PIPA Art. 24-2).",
            "sum(increase(sumun_transfer_items_total"
            f'{{entity="resident_registration_number",outcome="violation"}}{RANGE}))',
            bad_from=1,
            decimals=0,
        ),
        number(
            "Never inspected",
            "Offsets that left their topic, or were skipped, unread: nobody knows what they held.",
            f"sum(increase(sumun_gap_offsets_total{RANGE}))",
            bad_from=1,
            decimals=0,
        ),
    ]


def where():
    return "Where does it go?", [
        rows(
            "Transfers by country",
            "none: stays in the home country. unknown: nothing says where. One into two countries counts in both.",
            f"sum by (country, outcome) (increase(sumun_transfer_destinations_total{RANGE})) > 0",
            ["country", "outcome"],
            "transfers",
        ),
        lines(
            "Transfers per second by outcome",
            "Each transfer once.",
            [(f"sum by (outcome) (rate(sumun_transfers_total{RATE}))", "{{outcome}}")],
            unit="ops",
            stacked=True,
        ),
        lines(
            "Transfers abroad per second by country",
            "Covered or not.",
            [(f"sum by (country) (rate(sumun_transfer_destinations_total{{{ABROAD}}}{RATE}))", "{{country}}")],
            unit="ops",
        ),
        lines(
            "Not covered, per second by country",
            "A country without a line has none.",
            [
                (
                    f'sum by (country) (rate(sumun_transfer_destinations_total{{outcome="violation"}}{RATE}))',
                    "{{country}}",
                )
            ],
            unit="ops",
        ),
    ]


def basis():
    return "On what basis?", [
        bars(
            "Transfers by kind of basis",
            "PIPA Art. 28-8(1): consent (1), statute and treaty (2), contract_entrustment (3), certification (4), "
            "adequacy (5).",
            f"sum by (basis) (increase(sumun_transfer_bases_total{RANGE}))",
            "{{basis}}",
        ),
        rows(
            "Basis by country",
            "Transfers with data that is permitted.",
            f"sum by (country, basis) (increase(sumun_transfer_bases_total{RANGE})) > 0",
            ["country", "basis"],
            "transfers",
        ),
    ]


def uncovered():
    return "What is not covered, why, and since when?", [
        rows(
            "Reasons by country",
            "One transfer with two reasons counts in both. The codes are those of the alerts.",
            f"sum by (country, outcome, reason) (increase(sumun_transfer_reasons_total{RANGE})) > 0",
            ["country", "outcome", "reason"],
            "transfers",
        ),
        lines(
            "Reasons over time",
            "Transfers that are not covered, or not to be judged, per second.",
            [(f"sum by (reason) (rate(sumun_transfer_reasons_total{RATE}))", "{{reason}}")],
            unit="ops",
        ),
        rows(
            "First seen in the chosen time",
            "Choose a longer time to look further back: the oldest alert of the same group has the exact instant.",
            f"1000 * min_over_time((timestamp({SEEN}))[$__range:$__interval])",
            ["country", "reason"],
            "first",
            unit="dateTimeAsIso",
        ),
        rows(
            "Last seen in the chosen time",
            "What has stopped, and what goes on.",
            f"1000 * max_over_time((timestamp({SEEN}))[$__range:$__interval])",
            ["country", "reason"],
            "last",
            unit="dateTimeAsIso",
        ),
    ]


def what():
    return "What is in it?", [
        rows(
            "Kinds of data in transfers",
            "One per transfer and kind.",
            f"sum by (entity, outcome) (increase(sumun_transfer_items_total{RANGE})) > 0",
            ["entity", "outcome"],
            "transfers",
        ),
        lines(
            "Findings per second",
            "Wherever the record goes.",
            [(f"sum by (entity) (rate(sumun_findings_total{RATE}))", "{{entity}}")],
            unit="ops",
        ),
    ]


def relied_on():
    return "Can this be relied on?", [
        bars(
            "Alerts by kind",
            "Alerts owed in the chosen time.",
            f"sum by (kind) (increase(sumun_alerts_total{RANGE}))",
            "{{kind}}",
            width=8,
        ),
        rows(
            "Why records could not be judged or read",
            "Codes of alerts that are no transfer: unread bytes, and offsets that were never inspected.",
            f'sum by (kind, reason) (increase(sumun_alert_reasons_total{{kind!="transfer"}}{RANGE})) > 0',
            ["kind", "reason"],
            "alerts",
            width=8,
        ),
        lines(
            "Age of what it is judged by",
            "Consent that was given or withdrawn since the last heartbeat is not known.",
            [
                ("time() - min(sumun_facts_newest_heartbeat_timestamp_seconds)", "heartbeat of the facts"),
                ("time() - min(sumun_geo_build_timestamp_seconds)", "geo database"),
            ],
            unit="s",
            width=8,
        ),
    ]
