"""Operations: does it run, does it keep up, do its outputs arrive, and on what does it judge?"""

from panels import bars, chosen, filled, lines, new_dashboard, number, rows

OF = 'instance=~"$instance"'
TOPIC = 'topic=~"$topic"'


def quantiles(metric, by=()):
    """Median and 99th percentile of a histogram."""
    grouped = ", ".join(["le", *by])
    name = " ".join(f"{{{{{label}}}}}" for label in by)
    rate = f"sum by ({grouped}) (rate({metric}_bucket{{{OF}}}[$__rate_interval]))"
    return [(f"histogram_quantile({q}, {rate})", f"{name} p{100 * q:.0f}".strip()) for q in (0.5, 0.99)]


def build():
    board = new_dashboard(
        "sumun: operations",
        "sumun-operations",
        "Whether sumun runs, keeps up with the topics, gets its alerts and receipts acknowledged, and on which "
        "facts it judges. What to do about each alert: deploy/runbook.md.",
        "now-3h",
    )
    board = board.with_variable(chosen("instance", "Member", "label_values(sumun_build_info, instance)"))
    board = board.with_variable(chosen("topic", "Topic", "label_values(sumun_records_total, topic)"))
    return filled(board, [now(), throughput(), keeping_up(), outputs(), unread(), judging()])


def now():
    return "Now", [
        number(
            "Members that answer",
            "Processes of job sumun that Prometheus reaches.",
            'count(up{job="sumun"} == 1) or vector(0)',
            good_from=1,
        ),
        number(
            "Records per second",
            "Records inspected, all topics.",
            f"sum(rate(sumun_records_total{{{OF}}}[$__rate_interval]))",
            unit="rps",
            decimals=0,
        ),
        number(
            "Lag",
            "Age of the last record that was taken, in the partition that is furthest behind; 0 where nothing waits.",
            f"max(sumun_consumer_lag_seconds{{{OF}}})",
            unit="s",
            bad_from=900,
        ),
        number(
            "Oldest unacknowledged output",
            "Above a minute the broker does not take alerts or receipts.",
            f"max(sumun_outputs_unacknowledged_oldest_age_seconds{{{OF}}})",
            unit="s",
            bad_from=60,
        ),
        number(
            "Lanes that pause",
            "They take nothing until the outputs are acknowledged.",
            f"sum(sumun_consumption_paused{{{OF}}})",
            bad_from=1,
        ),
        number(
            "Offsets never inspected",
            "In the chosen time. `sumun coverage` says which.",
            f"sum(increase(sumun_gap_offsets_total{{{OF}}}[$__range]))",
            bad_from=1,
            decimals=0,
        ),
        rows(
            "Alerts that fire",
            "What Prometheus' rules say now. Empty is good.",
            'sum by (alertname, severity, alertstate) (ALERTS{alertname=~"Sumun.*"})',
            ["alertname", "severity", "alertstate"],
            "series",
            width=24,
        ),
    ]


def throughput():
    return "Throughput", [
        lines(
            "Records per second by topic",
            "Records inspected.",
            [(f"sum by (topic) (rate(sumun_records_total{{{OF},{TOPIC}}}[$__rate_interval]))", "{{topic}}")],
            unit="rps",
        ),
        lines(
            "Bytes per second by topic",
            "Lengths of their values.",
            [(f"sum by (topic) (rate(sumun_record_bytes_total{{{OF},{TOPIC}}}[$__rate_interval]))", "{{topic}}")],
            unit="Bps",
        ),
        lines(
            "Records per second by outcome",
            "Each record once, by the worst of its transfers.",
            [(f"sum by (outcome) (rate(sumun_verdicts_total{{{OF}}}[$__rate_interval]))", "{{outcome}}")],
            unit="rps",
            stacked=True,
        ),
        lines(
            "Processor",
            "Cores in use. One lane uses one core at most.",
            [(f'sum by (instance) (rate(process_cpu_seconds_total{{job="sumun",{OF}}}[$__rate_interval]))', "{{instance}}")],
            unit="short",
            width=6,
        ),
        lines(
            "Resident memory",
            "Limit it by a cgroup: the Kafka client expands hostile batches without a bound.",
            [(f'sum by (instance) (process_resident_memory_bytes{{job="sumun",{OF}}})', "{{instance}}")],
            unit="bytes",
            width=6,
        ),
    ]


def keeping_up():
    return "Keeping up", [
        lines(
            "Lag in seconds by topic",
            "Age of the last record that was taken, in each topic's slowest partition; 0 where nothing waits.",
            [(f"max by (topic) (sumun_consumer_lag_seconds{{{OF},{TOPIC}}})", "{{topic}}")],
            unit="s",
        ),
        lines(
            "Lag in records by topic",
            "From the stored offsets to the ends: up to a receipt's worth of them is inspected already.",
            [(f"sum by (topic) (sumun_consumer_lag_records{{{OF},{TOPIC}}})", "{{topic}}")],
        ),
        lines(
            "Age of a record at its verdict",
            "From the record's own timestamp; one record of each batch is timed.",
            quantiles("sumun_record_age_seconds"),
            unit="s",
        ),
        lines(
            "Time of the stages",
            "inspect: decode and inspect; decide: locate and decide; owe: alerts and the share of the receipt.",
            quantiles("sumun_stage_duration_seconds", by=["stage"]),
            unit="s",
        ),
        lines(
            "Time since a lane polled",
            "Seconds mean that the lane hangs.",
            [(f"max by (instance, lane) (sumun_lane_poll_age_seconds{{{OF}}})", "{{instance}} {{lane}}")],
            unit="s",
            width=8,
        ),
        lines(
            "Assigned partitions",
            "A lane without partitions has nothing to do.",
            [(f"sum by (instance, lane) (sumun_assigned_partitions{{{OF}}})", "{{instance}} {{lane}}")],
            width=8,
        ),
        lines(
            "Rebalances",
            "In the chosen interval. Many of them cost time: is a member restarted over and over?",
            [(f"sum by (event) (increase(sumun_rebalances_total{{{OF}}}[$__rate_interval]))", "{{event}}")],
            width=8,
        ),
    ]


def outputs():
    return "Alerts and receipts", [
        lines(
            "Acknowledged per second",
            "What the broker has taken.",
            [
                (f"sum(rate(sumun_alerts_acknowledged_total{{{OF}}}[$__rate_interval]))", "alerts"),
                (f"sum(rate(sumun_receipts_acknowledged_total{{{OF}}}[$__rate_interval]))", "receipts"),
            ],
            unit="ops",
            width=8,
        ),
        lines(
            "Not acknowledged",
            "Alerts and receipts on their way.",
            [(f"sum by (instance) (sumun_outputs_unacknowledged{{{OF}}})", "{{instance}}")],
            width=8,
        ),
        lines(
            "Bytes not acknowledged",
            "Consumption pauses at 24 MiB.",
            [(f"sum by (instance) (sumun_outputs_unacknowledged_bytes{{{OF}}})", "{{instance}}")],
            unit="bytes",
            width=8,
        ),
        lines(
            "Age of the oldest output",
            "It grows where the broker takes nothing.",
            [
                (
                    f"max by (instance, lane) (sumun_outputs_unacknowledged_oldest_age_seconds{{{OF}}})",
                    "{{instance}} {{lane}}",
                )
            ],
            unit="s",
            width=8,
        ),
        lines(
            "Deliveries that failed",
            "Each is repeated until it is taken.",
            [(f"sum by (reason) (increase(sumun_delivery_failures_total{{{OF}}}[$__rate_interval]))", "{{reason}}")],
            width=8,
        ),
        lines(
            "Commits at assignments",
            "Nothing is judged before its assignment is committed.",
            [(f"sum by (result) (increase(sumun_offset_commits_total{{{OF}}}[$__rate_interval]))", "{{result}}")],
            width=8,
        ),
    ]


def unread():
    return "What could not be read, or not be located", [
        bars(
            "Issues by code",
            "What went wrong in payloads in the chosen time. Most of it was read all the same, as raw text.",
            f"sum by (code) (increase(sumun_issues_total{{{OF}}}[$__range]))",
            "{{code}}",
            width=8,
        ),
        lines(
            "Records not read whole, and panics",
            "Each is an alert, except where every recipient is domestic.",
            [
                (f"sum(increase(sumun_uninspectable_records_total{{{OF}}}[$__rate_interval]))", "not read whole"),
                (f"sum(increase(sumun_panics_total{{{OF}}}[$__rate_interval]))", "panicked"),
            ],
            width=8,
        ),
        rows(
            "Topics without a route",
            "Records with personal data in the chosen time whose topic no route names.",
            f"sum by (topic) (increase(sumun_unrouted_records_total{{{OF}}}[$__range])) > 0",
            ["topic"],
            "records",
            width=8,
        ),
    ]


def judging():
    age = "time() - "
    return "On what it judges", [
        lines(
            "Facts in use",
            "By stream.",
            [(f"max by (stream) (sumun_facts{{{OF}}})", "{{stream}}")],
            width=8,
        ),
        lines(
            "Age of the facts",
            "Since the newest consent act and the newest heartbeat of the system of record.",
            [
                (f"{age}max(sumun_facts_newest_act_timestamp_seconds{{{OF}}})", "newest act"),
                (f"{age}max(sumun_facts_newest_heartbeat_timestamp_seconds{{{OF}}})", "newest heartbeat"),
            ],
            unit="s",
            width=8,
        ),
        lines(
            "Age of the geo databases",
            "Since the day they were built.",
            [(f"{age}min by (database) (sumun_geo_build_timestamp_seconds{{{OF}}})", "{{database}}")],
            unit="s",
            width=8,
        ),
        lines(
            "Reloads",
            "In the chosen interval, by part and result.",
            [(f"sum by (part, result) (increase(sumun_reloads_total{{{OF}}}[$__rate_interval]))", "{{part}} {{result}}")],
            width=8,
        ),
        lines(
            "Age of the snapshot",
            "Since rules, facts and geo databases in use were loaded.",
            [
                (
                    f"{age}min by (instance) (sumun_last_reload_success_timestamp_seconds{{{OF}}})",
                    "{{instance}}",
                )
            ],
            unit="s",
            width=8,
        ),
        rows(
            "Versions",
            "Of the members that answer.",
            f"max by (instance, version) (sumun_build_info{{{OF}}})",
            ["instance", "version"],
            "running",
            width=8,
        ),
    ]
