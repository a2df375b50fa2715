// Charts: <div class="sn-chart" data-chart="trend" data-from="json-script-id" role="img" aria-label="...">.
// Kinds: trend (share with bars and target), spread (histogram with a limit), rank (bars), stack (bars in parts), lines, radar, heat, course (a figure's).
// Colours are the tokens'. `limits` [{value, label, level}] are the lines of the regulation: a target, or an alarm of a level.
const { sn } = globalThis;
const made = new Map();
const css = (el) => { const s = getComputedStyle(el); return (n) => s.getPropertyValue(`--sn-${n}`).trim(); };

function kit(v) {
  const text = { color: v('ink-3'), fontSize: 12 };
  return {
    text, acc: v('accent'), bad: v('breach-mark'), warn: v('warn-mark'), grey: v('line-2'),
    cat: (data, x = {}) => ({ type: 'category', data, axisTick: { show: false }, axisLine: { lineStyle: { color: v('line-2') } }, ...x, axisLabel: { ...text, ...(x.axisLabel || {}) } }),
    val: (x = {}) => ({ type: 'value', splitLine: { lineStyle: { color: v('line') } }, ...x, axisLabel: { ...text, ...(x.axisLabel || {}) } }),
    goal: (y, label) => ({ silent: true, symbol: 'none', label: { show: !!label, formatter: label || '', position: 'end', distance: 4, color: v('ink-2'), fontSize: 12 }, lineStyle: { color: v('ink-3'), type: [4, 4] }, data: [{ yAxis: y }] }),
    // what the regulation asks: the target dashed in grey, alarms in their colour; red is breach and red alarm alone
    limits: (limits) => ({ silent: true, symbol: 'none', data: (limits || []).map((l) => {
      const tone = { blue: v('blue-mark'), yellow: v('yellow-mark'), red: v('breach-mark') }[l.level];
      return { yAxis: l.value, label: { show: true, formatter: l.label, position: 'insideStartTop', distance: [4, 3], color: tone || v('ink-2'), fontSize: 12 }, lineStyle: { color: tone || v('ink-3'), type: [4, 4], width: 1 } };
    }) }),
    bands: (bands) => ({ silent: true, itemStyle: { color: v('hover'), opacity: 0.7 }, label: { ...text, position: 'insideTopLeft' }, data: (bands || []).map((b) => [{ name: b.label || '', xAxis: b.from }, { xAxis: b.to }]) }),
    tip: { trigger: 'axis', confine: true, backgroundColor: v('raised'), borderColor: v('line-2'), borderWidth: 1, padding: [6, 10], textStyle: { color: v('ink'), fontSize: 12 }, extraCssText: 'box-shadow:none' },
  };
}
const every = (n, el) => Math.max(0, Math.ceil((n * 56) / Math.max(160, el.clientWidth - 100)) - 1);
const wide = (text) => [...text].reduce((n, c) => n + (c.charCodeAt(0) > 255 ? 2 : 1), 0);
// "6.1.2 name" on two lines, the name cut to so many half-width characters
const numbered = (text, room) => {
  const [number, ...words] = text.split(' '); let name = words.join(' ');
  if (wide(name) > room) { while (wide(name) > room - 2) name = name.slice(0, -1); name += '…'; }
  return name ? `${number}\n${name}` : number;
};
// how far the labels at the lines' ends are to be moved so that none covers another; nothing without a known axis
const apart = (lines, max, height) => {
  if (max == null) return lines.map(() => 0);
  const y = lines.map((l) => height * (1 - ([...l.data].reverse().find((x) => x != null) ?? 0) / max));
  const order = y.map((_, i) => i).sort((a, b) => y[a] - y[b]); const at = [...y];
  order.forEach((i, n) => { if (n) at[i] = Math.max(at[i], at[order[n - 1]] + 16); });
  return at.map((x, i) => x - y[i]);
};
// a limit not far above the course is on the axis too; nothing: the axis is the course's own
const roomFor = (d) => {
  const most = Math.max(...d.values.map((x) => x ?? 0)); const limit = Math.max(0, ...(d.limits || []).map((l) => l.value));
  if (limit <= most || limit > most * 3) return undefined;
  return d.unit === '%' ? Math.min(100, Math.floor(limit / 10) * 10 + 10) : Number((limit * 1.12).toPrecision(2));
};
const kinds = {
  // {labels, shares (percent), counts, target, target_label, bands, min}
  trend: (d, k, el, v) => ({
    grid: { left: 46, right: 62, top: 14, bottom: 24 }, tooltip: k.tip, xAxis: k.cat(d.labels, { axisLabel: { interval: every(d.labels.length, el) } }),
    yAxis: [k.val({ min: d.min ?? 80, max: 100, interval: (100 - (d.min ?? 80)) / 4, axisLabel: { formatter: '{value}%' } }), { type: 'value', show: false, max: Math.max(1, ...d.counts, 1) * 3.4 }],
    series: [
      { name: d.count_name, type: 'bar', yAxisIndex: 1, data: d.counts, barWidth: '58%', itemStyle: { color: k.grey, borderRadius: [2, 2, 0, 0] } },
      { name: d.share_name, type: 'line', data: d.shares, connectNulls: false, symbol: 'circle', symbolSize: 5, lineStyle: { width: 2, color: k.acc }, itemStyle: { color: k.acc },
        endLabel: { show: true, formatter: (p) => `${p.value}%`, color: k.acc, fontWeight: 600, distance: 4 }, markLine: d.limits ? k.limits(d.limits) : k.goal(d.target, d.target_label), markArea: k.bands(d.bands) }],
  }),
  // {labels, values, counts (the population; empty: none), unit ("%", 分钟 ...), bars, value_name, count_name}
  course: (d, k, el) => {
    const tell = (x) => (x == null ? '' : `${d.unit === '%' ? `${Math.round(x * 10) / 10}%` : `${x}${d.unit && ` ${d.unit}`}`}`);
    const value = { name: d.value_name, data: d.values, tooltip: { valueFormatter: tell } };
    return {
      grid: { left: 8, right: d.bars || el.clientWidth < 480 ? 12 : d.unit === '%' ? 56 : 88, top: 26, bottom: 4, containLabel: true }, tooltip: k.tip, xAxis: k.cat(d.labels, { axisLabel: { interval: every(d.labels.length, el) } }),
      yAxis: [k.val({ max: roomFor(d), name: d.unit === '%' ? '' : d.unit, nameTextStyle: k.text, nameGap: 10, scale: !d.bars && d.values.every((x) => x == null || x > 0), axisLabel: { formatter: d.unit === '%' ? '{value}%' : '{value}' } }), { type: 'value', show: false, max: Math.max(1, ...d.counts, 1) * 3.4 }],
      series: d.bars ? [{ ...value, markLine: k.limits(d.limits), type: 'bar', barMaxWidth: 26, itemStyle: { color: k.acc, borderRadius: [2, 2, 0, 0] } }] : [
        ...(d.counts.length ? [{ name: d.count_name, type: 'bar', yAxisIndex: 1, data: d.counts, barWidth: '58%', itemStyle: { color: k.grey, borderRadius: [2, 2, 0, 0] } }] : []),
        { ...value, markLine: k.limits(d.limits), type: 'line', connectNulls: false, symbol: 'circle', symbolSize: d.labels.length > 60 ? 0 : 4, lineStyle: { width: 2, color: k.acc }, itemStyle: { color: k.acc },
          endLabel: { show: el.clientWidth >= 480, formatter: (p) => tell(p.value), color: k.acc, fontWeight: 600, distance: 4 } }],
    };
  },
  // {labels, counts, limit (index), limit_label, warn (index)}
  spread: (d, k, el, v) => ({
    grid: { left: 36, right: 10, top: 22, bottom: 24 }, tooltip: k.tip, xAxis: k.cat(d.labels, { axisLabel: { interval: 0 } }), yAxis: k.val({ splitNumber: 3 }),
    series: [{ type: 'bar', barWidth: '82%', data: d.counts.map((y, i) => ({ value: y, itemStyle: { color: i >= d.limit ? k.bad : i >= (d.warn ?? d.limit) ? k.warn : k.acc, borderRadius: [2, 2, 0, 0] } })),
      markLine: { silent: true, symbol: 'none', label: { formatter: d.limit_label, color: v('ink'), position: 'end', fontSize: 12 }, lineStyle: { color: v('ink'), type: 'solid' }, data: [{ xAxis: d.limit }] } }],
  }),
  // {labels, counts, bad}
  rank: (d, k, el, v) => ({
    grid: { left: 8, right: 40, top: 4, bottom: 4, containLabel: true }, xAxis: k.val({ show: false }), yAxis: k.cat(d.labels, { inverse: true, axisLine: { show: false }, axisLabel: { color: v('ink-2') } }),
    series: [{ type: 'bar', barWidth: 12, data: d.counts, itemStyle: { color: d.bad ? k.bad : k.acc, borderRadius: [0, 2, 2, 0] }, label: { show: true, position: 'right', color: v('ink'), fontWeight: 600 } }],
  }),
  // {labels, series: [{name, tone (none, low, mid, high), data}]}
  stack: (d, k, el, v) => {
    const tone = { none: k.grey, low: v('accent-2'), mid: k.acc, high: k.warn };
    return {
      grid: { left: 8, right: 16, top: 30, bottom: 4, containLabel: true }, tooltip: { ...k.tip, axisPointer: { type: 'shadow' } }, legend: { top: 0, left: 8, itemWidth: 10, itemHeight: 10, itemGap: 14, textStyle: { ...k.text, color: v('ink-2') } },
      xAxis: k.val({ minInterval: 1, splitNumber: 4 }), yAxis: k.cat(d.labels, { inverse: true, axisLine: { show: false }, axisLabel: { color: v('ink-2') } }),
      series: d.series.map((s) => ({ name: s.name, type: 'bar', stack: 'all', barMaxWidth: 20, data: s.data, itemStyle: { color: tone[s.tone] || k.acc, borderColor: v('surface'), borderWidth: 1 } })),
    };
  },
  // {labels, lines: [{name, data, faint}], target, target_label or limits, bands, max}
  lines: (d, k, el) => { const move = apart(d.lines, d.max, el.clientHeight - 36); return {
    grid: { left: 40, right: d.lines.some((l) => l.faint) ? 128 : 56, top: 12, bottom: 24 }, tooltip: k.tip, xAxis: k.cat(d.labels, { boundaryGap: false, axisLabel: { interval: every(d.labels.length, el) } }), yAxis: k.val({ max: d.max }),
    series: d.lines.map((l, i) => ({ name: l.name, type: 'line', data: l.data, symbol: 'none', lineStyle: { width: l.faint ? 1 : 2.2, color: k.acc, opacity: l.faint ? 0.5 : 1 }, itemStyle: { color: k.acc },
      endLabel: { show: true, formatter: l.name, offset: [0, move[i]], width: 118, overflow: 'truncate', color: l.faint ? k.text.color : k.acc, fontWeight: l.faint ? 400 : 600 }, ...(i === d.lines.length - 1 ? { markLine: d.limits ? k.limits(d.limits) : d.target != null ? k.goal(d.target, d.target_label) : undefined, markArea: k.bands(d.bands) } : {}) })),
  }; },
  // {axes: [name], max, series: [{name, values, faint}]}
  radar: (d, k, el, v) => ({
    tooltip: { ...k.tip, trigger: 'item' },
    radar: { center: ['50%', '52%'], radius: el.clientWidth < 480 ? '76%' : '68%', splitNumber: d.max, axisName: { color: v('ink-2'), fontSize: 12, lineHeight: 16, formatter: (name) => (el.clientWidth < 480 ? name.split(' ')[0] : numbered(name, 22)) },
      axisLine: { lineStyle: { color: v('line-2') } }, splitLine: { lineStyle: { color: v('line') } }, splitArea: { show: false }, indicator: d.axes.map((name) => ({ name, min: 0, max: d.max })) },
    series: [{ type: 'radar', symbolSize: 5, data: d.series.map((s) => ({ name: s.name, value: s.values, symbol: s.faint ? 'none' : 'circle', itemStyle: { color: s.faint ? k.text.color : k.acc }, lineStyle: { width: s.faint ? 1.2 : 2.2, color: s.faint ? k.text.color : k.acc, type: s.faint ? [4, 4] : 'solid' }, areaStyle: s.faint ? { opacity: 0 } : { color: k.acc, opacity: 0.1 } })) }],
  }),
  // {x, y, cells: [[x, y, n, outlined]]}
  heat: (d, k, el, v) => {
    const most = Math.max(1, ...d.cells.map((c) => c[2])); const white = v('heat-3');
    const narrow = (el.clientWidth - 80) / d.x.length < 24; // no room for numbers: the table has them
    return {
      grid: { left: 48, right: 14, top: 4, bottom: 24 }, tooltip: { ...k.tip, trigger: 'item', formatter: (p) => `${d.y[p.value[1]]} ${d.x[p.value[0]]}:00 · ${p.value[2]}` }, xAxis: k.cat(d.x, { axisLine: { show: false } }), yAxis: k.cat(d.y, { inverse: true, axisLine: { show: false } }),
      visualMap: { show: false, min: 0, max: most, inRange: { color: [v('heat-1'), v('heat-2'), white] } },
      series: [{ type: 'heatmap', itemStyle: { borderColor: v('surface'), borderWidth: 2, borderRadius: 3 }, data: [...d.cells].sort((a, b) => (a[3] ? 1 : 0) - (b[3] ? 1 : 0)).map((c) => ({ value: c.slice(0, 3), itemStyle: c[3] ? { borderColor: k.bad, borderWidth: 2 } : {}, label: { color: c[2] > most * 0.72 ? '#fff' : v('ink') } })), label: { show: !narrow, fontSize: 12 } }],
    };
  },
};
function draw(el) {
  const from = document.getElementById(el.dataset.from); if (!from || !globalThis.echarts || !kinds[el.dataset.chart]) return;
  const data = JSON.parse(from.textContent); const v = css(el); const k = kit(v);
  let c = made.get(el); if (!c) { c = globalThis.echarts.init(el, null, { renderer: 'svg' }); made.set(el, c); }
  c.setOption({ animation: false, textStyle: { fontFamily: v('sans'), fontSize: 12, color: v('ink-3') }, ...kinds[el.dataset.chart](data, k, el, v) }, true);
}
sn.each('[data-chart]', (el) => { draw(el); new ResizeObserver(() => { const c = made.get(el); if (c) { c.resize(); } }).observe(el); });
const again = () => made.forEach((_, el) => { if (el.isConnected) draw(el); else { made.get(el).dispose(); made.delete(el); } });
document.addEventListener('sn:theme', again);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
