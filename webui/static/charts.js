// Small charts: each draws the table that stands behind it (figure.chart > details > table), with uPlot.
"use strict";

{ // its own names: the answer to a form that was sent here (campaign.js) runs it once more
  // Colours of the series, by what they say; those of the theme.
  const COLOURS = { good: "--good", lead: "--link", warn: "--retry", bad: "--bad", quiet: "--missed" };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Between two marks of the time axis, in seconds.
  const STEPS_S = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000];

  // The library comes when a chart is about to be seen, after the first picture of the page.
  const ADDRESS = document.currentScript.dataset.library;
  let library = null;
  const loaded = () => (library ??= new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src: ADDRESS });
    script.addEventListener("load", done);
    script.addEventListener("error", () => { library = null; failed(new Error("The library of charts did not come.")); });
    document.head.append(script);
  }));

  const numbersOf = (figure) => {
    const rows = [...figure.querySelectorAll("tbody tr")];
    const columns = [...figure.querySelectorAll("thead th")];
    return columns.map((_, at) => rows.map((row) => {
      const value = row.cells[at].dataset.value;
      return value === undefined || value === "" ? null : Number(value);
    }));
  };

  const draw = (figure) => {
    const place = figure.querySelector(".chart-place");
    if (!place) return;
    const data = numbersOf(figure);
    place.replaceChildren();
    if (!data[0].length) return;
    const { lang } = document.documentElement;
    const isPercent = figure.dataset.unit === "percent";
    const isHours = figure.dataset.x === "hour";
    const figures = new Intl.NumberFormat(lang, isPercent ? { style: "percent" } : { maximumFractionDigits: 1 });
    const span = data[0].at(-1) - data[0][0];
    const calendar = figure.dataset.calendar === "jalali" ? "persian" : "gregory";
    const shown = span > 2 * 86400 ? { month: "numeric", day: "numeric" } : { hour: "2-digit", minute: "2-digit" };
    const clock = new Intl.DateTimeFormat(`${lang}-u-ca-${calendar}`, { ...shown, timeZone: figure.dataset.zone, hourCycle: "h23" });
    const hour = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
    const x = isHours ? (value) => hour.format(value) : (value) => clock.format(new Date(value * 1000));
    const series = [...figure.querySelectorAll("thead th")].slice(1).map((head) => ({
      label: head.textContent.trim(),
      stroke: colour(COLOURS[head.dataset.tone]),
      fill: data.length === 2 ? `${colour(COLOURS[head.dataset.tone])}22` : undefined,
      width: 2, spanGaps: true,
      points: { show: isHours },
      paths: isHours && data.length === 2 ? window.uPlot.paths.bars({ size: [0.7, 40] }) : undefined,
    }));
    const axis = { stroke: colour("--quiet"), font: "12px Vazirmatn, sans-serif", grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    new window.uPlot({
      width: place.clientWidth, height: 160,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: isHours ? (_u, low, high) => [low - 0.6, high + 0.6] : undefined },
        y: { range: (_u, _low, high) => [0, isPercent ? 1 : Math.max(1, (high ?? 0) * 1.1)] },
      },
      axes: [
        { ...axis, space: 64, incrs: isHours ? [1, 2, 3, 6] : STEPS_S, values: (_u, splits) => splits.map((at) => (isHours && at % 1 ? "" : x(at))) },
        { ...axis, size: 56, values: (_u, splits) => splits.map((at) => figures.format(at)) },
      ],
      series: [{}, ...series],
    }, data, place);
  };

  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      loaded().then(() => draw(target), () => {}); // the table stands there without it
    }
  }, { rootMargin: "200px" });
  const watchAll = (root) => { for (const figure of root.querySelectorAll("figure.chart")) near.observe(figure); };
  const drawAgain = () => { for (const place of document.querySelectorAll(".chart-place:has(.uplot)")) draw(place.parentElement); };
  watchAll(document);
  document.addEventListener("theme", drawAgain);
  document.addEventListener("htmx:afterSwap", (event) => watchAll(event.detail.target));
  let waiting = null;
  window.addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(drawAgain, 200); });

  // Whoever is selecting text of a live part keeps it: it is renewed when nothing of it is selected.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const selection = document.getSelection();
    if (selection && !selection.isCollapsed && event.detail.target.contains(selection.anchorNode)) event.detail.shouldSwap = false;
  });
}
