"""One built warehouse for the tests of goals, pace and movements: four weeks around Thanksgiving 2025 in
Chicago."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.raw_warehouse import RawWarehouse, at
from tests.support.rows import call, ticket

if TYPE_CHECKING:
    from tests.dbt_project.conftest import MakeWarehouse

NOW = "2025-12-03T18:30:00"
"""Wednesday of 2025-W49, 12:30 in Chicago: half of a day from 08:00 to 17:00."""
PEOPLE = """\
person_key,full_name,email,hubspot_email,autotask_email,team,weekly_hours,active_from,active_to
maya,Maya Torres,maya@test.example,,,inside,45,2024-01-01,
victor,Victor Lang,victor@test.example,,,inside,40,2024-01-01,2025-12-02
tom,Tom Reyes,tom@test.example,,,inside,24,2025-11-20,
uma,Uma Singh,uma@test.example,,,unsure,40,2024-01-01,
ida,Ida Moss,ida@test.example,,,tilt,40,2024-01-01,
jon,Jon Hale,jon@test.example,,,tilt,40,2024-01-01,
"""
LINES = """\
line_id,section,section_label,sort_order,metric_id,label,owners,people,feed,valid_from,valid_to
reps.dials,reps,Reps,10,dials,,maya,maya;victor;tom,,2025-09-29,
reps.week,reps,Reps,20,dials,,maya,maya,,2025-09-29,
desk.dials,desk,Desk,30,dials,,maya,,,2025-09-29,
plain.dials,plain,Plain,40,dials,,maya,maya,,2025-09-29,
cap.dials,cap,Cap,50,dials,,maya,maya,,2025-09-29,
cap.over,cap,Cap,51,dials,,maya,maya,,2025-09-29,
done.dials,done,Done,60,dials,,maya,maya,,2025-09-29,
left.dials,left,Left,70,dials,,victor,victor,,2025-09-29,
ops.closed,ops,Ops,80,reactive_tickets_closed,,maya,,,2025-09-29,
ops.same_day,ops,Ops,90,same_day_close_rate,,maya,,,2025-09-29,
hand.events,hand,By hand,100,networking_events,,maya,maya,,2025-09-29,
unsure.dials,unsure,Unsure,105,dials,,uma,uma,,2025-12-01,
unsure.most,unsure,Unsure,106,dials,,uma,uma,,2025-12-01,
tilt.up,tilt,Tilt,107,calls_by_rep,,ida,ida,,2025-11-24,
tilt.down,tilt,Tilt,108,calls_by_rep,,jon,jon,,2025-11-24,
quarter.won,quarter,Quarter,110,deals_won,,maya,,,2025-06-30,
"""
GOALS = """\
line_id,valid_from,valid_to,operator,target,target_2,band,reason,per,kind,tolerance
reps.dials,2025-09-29,,>=,15,,0.10,per rep and day,person_day,,
reps.week,2025-09-29,,>=,5,,,per rep and week, Person_Week ,,1
desk.dials,2025-09-29,,between,12,20,,per day,day,,2
plain.dials,2025-09-29,,>=,100,,0.10,standing
plain.dials,2025-11-24,2025-11-30,>=,40,,0.10,Thanksgiving week,,exception
cap.dials,2025-09-29,,<=,30,,0.10,at most
cap.over,2025-09-29,,<=,29,,0.10,at most
done.dials,2025-09-29,,>=,30,,0.10,reached
left.dials,2025-09-29,,>=,10,,0.10,per day of one who leaves,person_day
ops.closed,2025-09-29,,>=,10,,0.10,tickets
ops.same_day,2025-09-29,,>=,0.70,,,rate,,,0.05
hand.events,2025-09-29,,>=,2,,0.10,events
unsure.dials,2025-12-01,,>=,24,,0.10,half would be 12
unsure.most,2025-12-01,,<=,5,,0.10,over it whatever else there is
tilt.up,2025-11-24,,>=,10,,0.10,a poor week and a good one
tilt.down,2025-11-24,,>=,10,,0.10,a good week and a poor one
quarter.won,2025-09-29,2025-12-28,>=,2,,0.10,this quarter only
"""
OWNERS = [
    {"id": key, "email": f"{key}@test.example", "archived": False}
    for key in ("maya", "victor", "tom", "uma", "ida", "jon")
]
CALLS = {
    # (day, person): dials
    ("2025-11-18", "maya"): 20,
    ("2025-11-19", "victor"): 40,
    ("2025-11-25", "maya"): 40,
    ("2025-11-26", "victor"): 10,
    ("2025-12-01", "maya"): 30,
    ("2025-12-02", "tom"): 10,
    ("2025-12-01", "uma"): 9,
}
TAKEN = {("2025-11-25", "ida"): 8, ("2025-12-01", "ida"): 7, ("2025-11-25", "jon"): 10}
"""(day, person): calls that came in, which are calls but no dials."""
UNSURE = 5
"""Calls of uma's for which HubSpot does not say whether they went out."""
TICKETS = {
    # (day of closing, client): (closed on the day of opening, closed later)
    ("2025-11-19", 1): (5, 1),
    ("2025-11-19", 2): (1, 5),
    ("2025-11-25", 1): (4, 0),
    ("2025-11-25", 2): (3, 5),
}


def build(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """HubSpot is complete to now, Autotask to Tuesday's close of business."""
    made = make_warehouse(NOW, seeds={"people": PEOPLE, "scorecard_lines": LINES, "goals": GOALS})
    made.add("hubspot.owners", OWNERS)
    made.add(
        "hubspot.calls",
        [
            call(f"{day}-{who}-{i}", f"{day}T18:00:00", owner=who, direction=direction)
            for calls, direction in ((CALLS, "OUTBOUND"), (TAKEN, "INBOUND"))
            for (day, who), count in calls.items()
            for i in range(count)
        ],
    )
    made.add(
        "hubspot.calls",
        [call(f"unsure-{i}", "2025-12-01T18:00:00", owner="uma", direction=None) for i in range(UNSURE)],
    )
    made.add(
        "autotask.companies", [{"id": 1, "company_name": "Acme"}, {"id": 2, "company_name": "Beta\x07Corp"}]
    )
    number = iter(range(1, 1000))
    made.add(
        "autotask.tickets",
        [
            ticket(
                next(number),
                f"{day if i < same else day[:-2] + '17'}T16:00:00",
                f"{day}T20:00:00",
                company_id=client,
            )
            for (day, client), (same, later) in TICKETS.items()
            for i in range(same + later)
        ],
    )
    made.loaded("hubspot", through=at(NOW))
    made.loaded("autotask", through=at("2025-12-02T23:00:00"))
    made.loaded("manual", through=at(NOW))
    made.build(
        "--select", "+fct_scorecard_weekly", "+fct_scorecard_quarterly", "+fct_pace", "+fct_movements", "+dim_goals", "movements_add_up",
        "path:tests/goals", "--indirect-selection", "cautious", "--exclude-resource-type", "unit_test",
    )  # fmt: skip
    return made
