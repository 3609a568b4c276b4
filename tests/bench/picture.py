"""Draws the comparison as one SVG: for every figure, how many times as good as V2Ray 4.34 each system is.

Longer is better everywhere: where less is better, the ratio is turned round.  Colours follow the reader's light or dark
setting; every bar carries its number.
"""

from xml.sax.saxutils import escape

import cases

WIDTH, LABEL, VALUE = 860, 130, 52  # pixels: all, of the names, of the number behind a bar
PANEL_GAP, COLUMN_GAP, BAR, STEP, HEAD = 26, 36, 13, 19, 30
# Without a setting, or a reader that knows none, tones that can be read on white and on black.
STYLE = """
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #768390 }
  .title { font-size: 15px; font-weight: 600 } .panel, .own { font-weight: 600 }
  .bar { fill: #8c98a4 } .culvert { fill: #259a6c }
  .one { stroke: #768390; stroke-dasharray: 3 3; opacity: 0.7 }
  @media (prefers-color-scheme: light) {
    text { fill: #57606a } .title, .panel, .own { fill: #1f2328 }
    .bar { fill: #a8b3bf } .culvert { fill: #1a7f5a }
  }
  @media (prefers-color-scheme: dark) {
    text { fill: #9da7b1 } .title, .panel, .own { fill: #e6edf3 }
    .bar { fill: #57616c } .culvert { fill: #3fb98a }
  }
"""


def advantage(ratio, better):
    """How many times as good as the base: above 1 is better, whatever the figure."""
    return ratio if better == cases.MORE else 1 / ratio


def _panel(title, bars, x, y, width):
    """`bars`: (name, advantage, is it ours).  Returns the elements and the height."""
    room = width - LABEL - VALUE
    longest = max([value for _, value, _ in bars] + [1.0])
    one = x + LABEL + room / longest
    bottom = y + HEAD - 8 + len(bars) * STEP
    parts = [f'<text class="panel" x="{x}" y="{y + 12}">{escape(title)}</text>',
             f'<line class="one" x1="{one:.1f}" x2="{one:.1f}" y1="{y + HEAD - 12}" y2="{bottom}"/>']
    for row, (name, value, own) in enumerate(bars):
        top = y + HEAD - 8 + row * STEP
        length = max(1.0, room * value / longest)
        words = ' class="own"' if own else ""
        parts += [
            f'<text{words} x="{x + LABEL - 8}" y="{top + 11}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{"bar culvert" if own else "bar"}" x="{x + LABEL}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2"/>',
            f'<text{words} x="{x + LABEL + length + 6:.1f}" y="{top + 11}">{value:.2f}</text>',
        ]
    return parts, bottom - y


def draw(title, note, panels):
    """`panels`: (title, better, [(name, ratio to the base, is it ours)]); those without bars are left out."""
    panels = [(name, [(who, advantage(ratio, better), own) for who, ratio, own in bars])
              for name, better, bars in panels if bars]
    width = (WIDTH - COLUMN_GAP) // 2
    heights, parts = [58, 58], []
    for name, bars in panels:
        column = 0 if heights[0] <= heights[1] else 1
        drawn, height = _panel(name, bars, column * (width + COLUMN_GAP), heights[column], width)
        parts += drawn
        heights[column] += height + PANEL_GAP
    height = max(heights)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
        f'<text class="title" x="0" y="18">{escape(title)}</text>', f'<text x="0" y="38">{escape(note)}</text>',
        *parts, "</svg>", ""])
