"""Draw a Vega-Lite specification as SVG that stands inside a page: no size of its own, no script, no ids."""

from __future__ import annotations

import json
import re

from api.report.charts import Spec

VEGA_LITE = "6.1"
_SIZE = re.compile(r'(<svg [^>]*?)width="[\d.]+" height="[\d.]+" (viewBox=)')


def draw(spec: Spec) -> str:
    """Return the SVG text of a specification; the same specification gives the same text.

    The width and height of the root are left out, so that the page decides the size from the view box.
    """
    import vl_convert

    made = str(vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=VEGA_LITE))
    return _SIZE.sub(r"\1\2", made, count=1).replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
