/** The look of reports, on screens and on paper: no fonts, pictures or scripts from anywhere. */
export const reportStyle = `
:root { color-scheme: light; --ink: #1a1f27; --quiet: #566070; --line: #d5dae1; --shade: #f5f7f9; --paper: #fff;
  --pass: #17693a; --pass-soft: #e3f3e9; --fail: #a3161c; --fail-soft: #fbe7e6; --manual: #8a5200; --manual-soft: #fdf0d9;
  --no-data: #4b4f9e; --no-data-soft: #e9eaf8; --not-applicable: #566070; --not-applicable-soft: #eceff2; }
* { box-sizing: border-box; }
html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; color: var(--ink); background: #e9edf1; }
body { max-width: 62rem; margin: 2rem auto; padding: 3rem 3.5rem; background: var(--paper); box-shadow: 0 1px 3px rgb(0 0 0 / .18); border-radius: 4px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.01em; text-wrap: balance; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .8rem; padding-bottom: .3rem; border-bottom: 2px solid var(--ink); }
h3 { font-size: 1rem; margin: 0; }
p { margin: .4rem 0; }
a { color: #124f8f; text-decoration-thickness: 1px; text-underline-offset: 2px; }
a:focus-visible { outline: 2px solid #124f8f; outline-offset: 2px; }
code { font: .86em/1.4 ui-monospace, "Cascadia Mono", Menlo, "Liberation Mono", monospace; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.eyebrow { text-transform: uppercase; letter-spacing: .09em; font-size: .75rem; font-weight: 600; color: var(--quiet); margin: 0 0 .5rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.4rem; margin: 1.4rem 0 0; padding: 1rem 1.2rem; background: var(--shade); border-radius: 4px; font-size: .9rem; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(5, 1fr); gap: .7rem; list-style: none; margin: 1.1rem 0; padding: 0; }
.tiles li { border: 1px solid var(--line); border-top: 4px solid var(--tone); border-radius: 4px; padding: .6rem .8rem; }
.tiles b { display: block; font-size: 1.8rem; line-height: 1.15; color: var(--tone); font-variant-numeric: tabular-nums; }
.tiles span { font-size: .85rem; }
.bar { display: flex; height: .7rem; border-radius: 99px; overflow: hidden; background: var(--shade); margin: .2rem 0 1rem; }
.bar span { background: var(--tone); border-right: 2px solid var(--paper); }
.bar span:last-child { border-right: 0; }
.pass { --tone: var(--pass); --soft: var(--pass-soft); }
.fail { --tone: var(--fail); --soft: var(--fail-soft); }
.manual { --tone: var(--manual); --soft: var(--manual-soft); }
.no-data { --tone: var(--no-data); --soft: var(--no-data-soft); }
.not-applicable { --tone: var(--not-applicable); --soft: var(--not-applicable-soft); }
.badge { display: inline-block; padding: .1rem .55rem; border-radius: 99px; font-size: .78rem; font-weight: 650; white-space: nowrap; color: var(--tone); background: var(--soft); border: 1px solid var(--tone); }
table { width: 100%; border-collapse: collapse; font-size: .88rem; margin: .7rem 0 1.2rem; }
caption { text-align: left; color: var(--quiet); font-size: .82rem; padding-bottom: .35rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { border-bottom: 1px solid var(--ink); font-size: .78rem; color: var(--quiet); font-weight: 600; overflow-wrap: normal; }
tbody th { font-weight: 600; }
.index { table-layout: fixed; }
.index th:nth-child(1) { width: 19%; }
.index th:nth-child(2) { width: 40%; }
.index th:nth-child(3) { width: 23%; }
.requirement, .check { border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 4px; padding: .7rem 1rem; margin: .7rem 0; }
.head { display: flex; gap: .8rem; align-items: baseline; justify-content: space-between; }
.requirement p, .check p { font-size: .9rem; }
.checks { margin: .4rem 0 0; padding: 0; list-style: none; font-size: .86rem; }
.checks li { display: grid; grid-template-columns: 7rem 15rem 1fr; gap: .7rem; align-items: baseline; padding: .14rem 0; }
.checks .badge { text-align: center; }
thead th.wide { width: 13.5rem; }
.evidence { font-size: .82rem; color: var(--quiet); }
footer { margin-top: 3rem; padding-top: .8rem; border-top: 1px solid var(--line); font-size: .8rem; color: var(--quiet); }
@media (max-width: 46rem) { body { margin: 0; padding: 1.4rem; } .tiles { grid-template-columns: repeat(2, 1fr); } .facts, .checks li { grid-template-columns: 1fr; } }
@page { size: A4; margin: 16mm 15mm 18mm; }
@media print {
  html { font-size: 10pt; background: none; }
  body { max-width: none; margin: 0; padding: 0; box-shadow: none; }
  a { color: inherit; text-decoration: none; }
  .requirement, .check, tr, .tiles, .facts { break-inside: avoid; }
  .check.long { break-inside: auto; }
  h2, h3, caption, thead { break-after: avoid; }
  thead { display: table-header-group; }
  .badge, .tiles li, .bar, .bar span, .facts { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
