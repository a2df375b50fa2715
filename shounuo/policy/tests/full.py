"""A rule of every kind with every field set to something else than its default."""

from __future__ import annotations

FULL = {
    "commitment": """\
      - commitment: full
        title: 首次响应
        title_en: First response
        note: 取上限
        covers: [REG-1-01]
        subject: case
        from: {event: interaction.received}
        until: [{event: interaction.sent, automatic: [true, false], has: channel, by: agent}, call.answered]
        cancel: case.transferred
        within: P3BD
        after: P1BD
        each: true
        pause: [waiting_customer, waiting_internal]
        calendar: always
        when: {level: L2, kind: [inquiry, request], complexity: {not: complex}}
        warn: PT20M
        escalate: [{at: 100%, to: owner_supervisor}, {at: P1D, to: "role:manager"}]
        target: 97.5%
""",
    "cadence": """\
      - cadence: full
        title: 案例
        title_en: Cases
        note: 每周
        covers: [REG-1-01]
        activity: case_selection
        every: P1W
        times: 3
        owner: [supervisor, trainer]
        per: team
        composition: {success: 1, failure: 1, innovation: 1}
        done: case.closed
        when: {segment: vip}
        warn: 50%
        escalate: [{at: 100%, to: dept_head}]
""",
    "record": """\
      - record: full
        title: 方案
        title_en: Options
        note: 一至三个
        covers: [REG-1-01]
        subject: case
        fields: [pros, cons]
        items: {of: solution_option, min: 1, max: 3}
        after: plan.proposed
        within: PT24H
        calendar: business
        when: {channel: phone}
        owner: agent
""",
    "target": """\
      - target: full
        title: 人均单量
        title_en: Cases per agent
        note: 提升两成
        covers: [REG-1-01]
        metric: cases_per_agent_per_day
        op: ">="
        value: 60
        change: +20%
        baseline: 50
        window: P1M
        horizon: P6M
        horizon_min: P3M
        least: 10
        benchmark: {value: 75, source: 行业年报, source_en: Yearbook of the industry}
        owner: manager
        when: {team: "7"}
""",
    "alarm": """\
      - alarm: full
        title: 满意度
        title_en: Satisfaction
        note: 连续三天
        covers: [REG-1-01]
        metric: csat
        op: "<"
        value: 85
        trend: falling
        change: -10%
        window: P1D
        consecutive: P3D
        least: 10
        level: blue
        notify: [manager, director]
        via: [sms, dingtalk]
        plan: csat-plan
        when: {segment: vip}
""",
    "authority": """\
      - authority: full
        title: 补偿
        title_en: Compensation
        note: 合计
        covers: [REG-1-01]
        grant: compensation
        who: supervisor
        up_to: 500 CNY
        over: 49.90 CNY
        per: customer
        approver: [manager, director]
        when: {kind: complaint}
""",
    "weight": """\
      - weight: full
        title: 绩效
        title_en: Appraisal
        note: 三维
        covers: [REG-1-01]
        of: appraisal
        parts: {process: 40%, result: 40%}
        partial: true
        every: P3M
        when: {role: agent}
""",
    "playbook": """\
      - playbook: full
        title: 投诉
        title_en: Complaint
        note: 八步
        covers: [REG-1-01]
        trigger: case.opened
        when: {kind: complaint}
        steps:
          - {name: plan, title: 方案, title_en: Plan, role: agent, input: topic, output: [options, plan],
             within: P3BD, done: plan.proposed}
          - {name: check, role: supervisor, when: {severity: major}, next: {passed: close, failed: plan}}
          - {name: again, next: end}
          - {name: close}
""",
}
EXTRA = {
    "borrowed": """\
      - commitment: borrowed
        subject: case
        from: case.opened
        until: case.closed
        by: {due_of: full}
""",
    "before": """\
      - record: before
        subject: case
        fields: [problem]
        before: case.resolved
""",
    "absent": """\
      - alarm: absent
        metric: messages_in
        absent: true
        window: PT2BH
        notify: tech
""",
    "triggered": """\
      - alarm: triggered
        trigger: {event: clock.breached}
        notify: customer
""",
}
"""Rules for the fields that exclude others: a due time borrowed, a record before a step, an alarm by event."""
