"""How cards look: by day and by night, on paper and on a phone."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --dim: #5d6b7e; --paper: #fff; --wash: #f4f6f9;
  --rule: #dde3ea; --mark: #2f6fde; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9f0; --dim: #97a5b8; --paper: #14181f; --wash: #1d232d; --rule: #333d4b;
    --mark: #7aa7ff; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--paper); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: .2rem 0; }
h2 { font-size: 1.15rem; margin: 0 0 .6rem; }
h3 { font-size: 1rem; }
.subtitle { color: var(--dim); margin: 0 0 1rem; }
section { margin: 1.8rem 0; }
.columns { display: grid; gap: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid var(--rule); max-width: 40rem; overflow-wrap: break-word; }
th { font-weight: 600; color: var(--dim); white-space: nowrap; }
pre, code { font: .86rem/1.45 ui-monospace, monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--wash); padding: .8rem 1rem; border-radius: 6px; overflow-x: auto;
  white-space: pre; margin: .4rem 0; }
td p, td figure { margin: 0; }
main > * { margin-bottom: 1rem; }
td pre { margin: 0; padding: 0; background: none; white-space: pre-wrap; }
img { max-width: 100%; }
svg { display: block; width: 100%; max-width: 36rem; background: var(--wash); border-radius: 6px; }
svg text { fill: var(--dim); font: 11px system-ui, sans-serif; }
.grid { stroke: var(--rule); }
.mark { fill: var(--mark); }
.stroke { fill: none; stroke: var(--mark); stroke-width: 2; }
figure { margin: .8rem 0; }
figcaption, .dim { color: var(--dim); font-size: .88rem; }
.error { border-left: 4px solid var(--bad); padding-left: 1rem; }
.error strong { color: var(--bad); }
.box { display: inline-block; min-width: 11rem; background: var(--wash); border-radius: 8px;
  padding: .8rem 1.1rem; margin: .3rem .5rem .3rem 0; }
.box b { display: block; font-size: 1.7rem; line-height: 1.2; }
.box.success b { color: #1a7f4b; }
.box.warning b { color: #a86400; }
.box.danger b { color: var(--bad); }
.box.primary b { color: var(--mark); }
progress { width: 100%; height: .8rem; accent-color: var(--mark); }
blockquote { margin: .6rem 0; padding-left: 1rem; border-left: 3px solid var(--rule); }
.event { border-left: 3px solid var(--rule); padding-left: .8rem; margin: .7rem 0; }
.event.error, .event.warning { border-color: var(--bad); }
.event.success { border-color: #1a7f4b; }
""".strip()
