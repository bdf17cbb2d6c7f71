"""What is written on a figure's sheet, and whether all of it can be read."""

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text


def texts(figure: Figure) -> list[Text]:
    """List what is written, less the ticks beyond their axes, which are not drawn."""
    seen = [t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_visible()]
    beyond = {id(label) for axes in figure.axes for label in _beyond(axes)}
    return [t for t in seen if t.get_text().strip() and id(t) not in beyond]


def _beyond(axes: Axes) -> Iterator[Text]:
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low <= tick.get_loc() <= high:
                yield from (tick.label1, tick.label2)


def misplaced(figure: Figure) -> list[tuple[str, ...]]:
    """List texts that are not wholly on the sheet, and pairs of texts that overlap."""
    sheet, found = figure.bbox, list[tuple[str, ...]]()
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts(figure)]
    for place, (text, box) in enumerate(boxes):
        inside = box.x0 > -1 and box.y0 > -1 and box.x1 < sheet.x1 + 1 and box.y1 < sheet.y1 + 1
        if not inside:
            found.append((text,))
        for other, over in boxes[:place]:
            clear = (
                box.x1 <= over.x0 + 1
                or over.x1 <= box.x0 + 1
                or box.y1 <= over.y0 + 2
                or over.y1 <= box.y0 + 2
            )
            if not clear:
                found.append((text, other))
    return found
