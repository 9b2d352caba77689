#!/usr/bin/env python3
"""The page of `linnet report` in a headless Chromium: it draws, sorts, filters, zooms, tells what is pointed at, by keyboard and by
pointer, in light and dark, on a phone and on paper; it loads nothing and the console stays empty.

    check_page.py LINNET SOURCE_DIR [--screenshots DIR] [CHECK...]

Exits with 77 when there is no Chromium.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

from browser import Browser

MODELS = pathlib.Path()
checks = []


def check(function):
    checks.append(function)
    return function


class Pages:
    """Pages of linnet, each made once."""

    def __init__(self, linnet, folder, screenshots):
        self.linnet, self.folder, self.screenshots = linnet, folder, screenshots

    def make(self, name, model, *options):
        path = self.folder / (name + ".html")
        if not path.exists():
            subprocess.run([self.linnet, "report", model, "-o", path, "--quiet", *options], check=True)
        return "file://" + str(path)

    def phinet(self):
        return self.make("phinet", MODELS / "phinet_96/phinet_96.onnx", *pictures())

    def shoot(self, page, name, **options):
        if self.screenshots:
            page.screenshot(self.screenshots / (name + ".png"), **options)


def pictures(folder="images/calibration"):
    return ["--calibrate", MODELS / folder, "--mean", "127.5", "--scale", "0.00784313725490196",
            "--resize", "--target", "stm32h743"]


def detector():
    return ["--calibrate", MODELS / "detection_images/calibration", "--scale", "0.00392156862745098",
            "--resize", "--target", "stm32h743", "--no-profile"]


def expect(good, what):
    if not good:
        raise AssertionError(what)


def no_complaints(page):
    expect(not page.complaints(), "\n".join(page.complaints()))


# ---- what is on the page ----

@check
def everything_is_there(browser, pages):
    page = browser.open(pages.phinet(), 1280, 900)
    titles = page.evaluate("Array.from(document.querySelectorAll('h2'), (e) => e.textContent)")
    for title in ["Memory and budgets", "What to change to save most", "Memory plan over time", "Layers",
                  "The graph before and after the passes"]:
        expect(title in titles, f"no section '{title}' in {titles}")
    kinds = page.evaluate("Array.from(document.querySelectorAll('.card h3'), (e) => e.textContent)")
    expect(kinds == ["RAM", "flash", "speed", "accuracy"], f"cards {kinds}")
    heads = page.evaluate("Array.from(document.querySelectorAll('#layer-table thead th'), (e) => e.textContent)")
    for head in ["MACs", "kernel", "instructions", "cycles", "weights", "scale", "zero", "SQNR"]:
        expect(head in heads, f"no column '{head}' in {heads}")
    expect(page.evaluate("document.querySelectorAll('#layer-table tbody tr').length") == 87, "not 87 layers")
    expect(page.evaluate("document.querySelectorAll('#plan .box').length") > 80, "few boxes in the plan")
    expect(page.evaluate("document.querySelectorAll('.graph li').length") > 200, "few nodes")
    ids = page.evaluate("Array.from(document.querySelectorAll('[id]'), (e) => e.id)")
    expect(len(ids) == len(set(ids)), "an id is there twice")
    broken = page.evaluate("Array.from(document.querySelectorAll('a[href^=\"#\"]'), (a) => a.getAttribute('href'))"
                           ".filter((href) => !document.getElementById(href.slice(1)))")
    expect(not broken, f"links lead nowhere: {broken[:5]}")
    nameless = page.evaluate("Array.from(document.querySelectorAll('button, input, a'), (e) => e)"
                             ".filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).length")
    expect(nameless == 0, f"{nameless} controls without a name")
    no_complaints(page)
    pages.shoot(page, "desk", whole=True)
    page.close()


# ---- tables ----

def column(page, title):
    return page.evaluate(f"""(() => {{
        const table = document.getElementById('layer-table');
        const index = Array.from(table.tHead.rows[0].cells).findIndex((cell) => cell.textContent === '{title}');
        return Array.from(table.tBodies[0].rows, (row) => row.cells[index].dataset.v);
    }})()""")


def sort_state(page):
    return page.evaluate("Object.fromEntries(Array.from(document.querySelectorAll('#layer-table thead th[aria-sort]'),"
                         "(e) => [e.textContent, e.getAttribute('aria-sort')]))")


@check
def layers_sort_by_every_column(browser, pages):
    page = browser.open(pages.phinet(), 1280, 900)
    expect(sort_state(page) == {"#": "ascending"}, f"at first {sort_state(page)}")
    heads = page.evaluate("Array.from(document.querySelectorAll('#layer-table thead th'),"
                          "(e) => [e.textContent, e.classList.contains('n')])")
    for title, numeric in heads:
        for again in [False, True]:
            page.evaluate("Array.from(document.querySelectorAll('#layer-table thead button'))"
                          f".find((b) => b.textContent === '{title}').focus()")
            page.press("Enter")
            state = sort_state(page).get(title)
            if numeric:
                values = [float(value) for value in column(page, title) if value]
                expect(values == sorted(values, reverse=state == "descending"), f"{title} is not sorted")
                first = "descending" if title != "#" else "ascending"
            else:
                first = "ascending"
            if title != "#":
                expect(state == (("ascending" if numeric else "descending") if again else first),
                       f"{title}, again {again}: {state}")
            expect(list(sort_state(page)) == [title], f"{sort_state(page)} after {title}")
            empty = [not value for value in column(page, title)] if title != "layer" else []
            expect(empty == sorted(empty), f"{title}: cells without a value are not at the end")
    page.click("#layer-table thead th:nth-child(6) button")
    pages.shoot(page, "sorted")
    no_complaints(page)
    page.close()


@check
def the_filter_filters(browser, pages):
    page = browser.open(pages.phinet(), 1280, 900)
    page.evaluate("document.getElementById('filter').focus()")
    page.type("lut layers.3/")
    shown = page.evaluate("Array.from(document.querySelectorAll('#layer-table tbody tr:not([hidden])'), (r) => r.textContent)")
    expect(0 < len(shown) < 87, f"{len(shown)} rows")
    expect(all("lut" in row and "layers.3/" in row for row in shown), f"others are shown: {shown}")
    count = page.evaluate("document.getElementById('filter-count').textContent")
    expect(count == f"{len(shown)} of 87 layers", count)
    # A link to a hidden row shows it again.
    hidden = page.evaluate("document.querySelector('#layer-table tbody tr[hidden]').id")
    page.evaluate(f"location.hash = '#{hidden}'")
    page.wait(f"!document.getElementById('{hidden}').hidden")
    no_complaints(page)
    page.close()


# ---- the plan ----

def shown_steps(page):
    return [int(number) for number in re.findall(r"\d+", page.evaluate("document.getElementById('plan-range').textContent"))]


@check
def the_plan_by_keyboard(browser, pages):
    page = browser.open(pages.phinet(), 1280, 900)
    for _ in range(60):
        if page.evaluate("document.activeElement.id") == "plan":
            break
        page.press("Tab")
    expect(page.evaluate("document.activeElement.id") == "plan", "the plan cannot be reached by Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    expect(outline == "solid", f"the focus is not shown: {outline}")
    expect(shown_steps(page) == [0, 113, 114], f"{shown_steps(page)}")
    told = set()
    for _ in range(5):
        page.press("ArrowRight")
        told.add(page.evaluate("document.getElementById('plan-info').textContent"))
        expect(page.evaluate("document.querySelectorAll('#plan .box.on').length") == 1, "no box is chosen")
    expect(len(told) == 5, f"the arrow key stays: {told}")
    for text in told:
        expect(re.search(r"(B|KiB) in (dtcm|axi) at \d+", text), text)
    page.press("Home")
    expect("input" in page.evaluate("document.getElementById('plan-info').textContent"), "the first is not the input")
    page.press("ArrowUp")
    page.press("ArrowDown")
    page.press("+")
    page.press("+")
    first, last, _ = shown_steps(page)
    expect(25 <= last - first + 1 <= 32, f"zoomed to {first}..{last}")
    page.press("ArrowRight", shift=True)
    expect(shown_steps(page)[0] > first, "shift and arrow do not move")
    page.press("p")
    first, last, _ = shown_steps(page)
    expect(first == 0 and last < 20, f"the peak is step 0, shown are {first} to {last}")
    page.press("0")
    expect(shown_steps(page) == [0, 113, 114], f"{shown_steps(page)}")
    page.press("Escape")
    expect(page.evaluate("document.querySelectorAll('#plan .box.on').length") == 0, "Esc does not let go")
    no_complaints(page)
    page.close()


@check
def the_plan_by_pointer(browser, pages):
    page = browser.open(pages.phinet(), 1280, 900)
    box = page.evaluate("Array.from(document.querySelectorAll('#plan .box')).map((e) => [e.getBoundingClientRect(), e.dataset.box])"
                        ".sort((a, b) => b[0].width * b[0].height - a[0].width * a[0].height)[0][1]")
    selector = f"#plan .box[data-box='{box}']"
    x, y = page.middle(selector)
    page.mouse("mouseMoved", x, y)
    tip = page.evaluate("document.getElementById('plan-tip').hidden ? '' : document.getElementById('plan-tip').textContent")
    expect(re.search(r"KiB in axi at", tip) and re.search(r"step \d+, [\d.]+ KiB live: layer \d+", tip), f"tip: {tip}")
    pages.shoot(page, "hover")
    page.click(selector)
    expect(page.evaluate(f"document.querySelector(\"{selector}\").classList.contains('on')"), "a click does not choose")
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-300, modifiers=2)
    first, last, _ = shown_steps(page)
    expect(last - first < 60, f"ctrl and wheel: {first}..{last}")
    page.mouse("mousePressed", x, y, buttons=1, clickCount=1)
    page.mouse("mouseMoved", x - 60, y, buttons=1)
    page.mouse("mouseMoved", x - 160, y, buttons=1)
    page.mouse("mouseReleased", x - 160, y, clickCount=1)
    expect(shown_steps(page)[0] > first, "dragging does not move")
    pages.shoot(page, "zoomed")
    page.click("[data-plan=all]")
    height = page.evaluate("document.querySelector('#plan svg').getBoundingClientRect().height")
    page.click("[data-plan=taller]")
    expect(page.evaluate("document.querySelector('#plan svg').getBoundingClientRect().height") > height + 200, "not taller")
    expect(page.evaluate("document.querySelector('[data-plan=taller]').getAttribute('aria-pressed')") == "true", "not pressed")
    page.click("#layer-7 a")
    first, last, _ = shown_steps(page)
    expect(first <= 7 and last >= 34 and last < 60, f"the steps of layer 7: {first}..{last}")
    no_complaints(page)
    page.close()


# ---- light, dark, phone, paper ----

CONTRAST = """(() => {
  const light = (text) => {
    const parts = text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
        .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)|transparent/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const poor = [];
  for (const element of document.querySelectorAll('h1, h2, p, a, button, dt, dd, th, td, li, summary, span, strong, label')) {
    if (!element.textContent.trim() || !element.getClientRects().length) continue;
    const a = light(getComputedStyle(element).color), b = light(behind(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return Array.from(new Set(poor));
})()"""


@check
def light_and_dark(browser, pages):
    page = browser.open(pages.phinet(), 1280, 900)
    colours = {}
    for dark in [False, True]:
        page.media(dark=dark)
        page.settle()
        colours[dark] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        expect(page.evaluate(CONTRAST) == [], f"dark {dark}: contrast {page.evaluate(CONTRAST)}")
        pages.shoot(page, "dark" if dark else "light", whole=True)
    expect(colours[False] != colours[True], f"{colours}")
    # The button goes against the system's choice, and back.
    page.click("#theme")
    expect(page.evaluate("getComputedStyle(document.body).backgroundColor") == colours[False], "Theme: light is dark")
    page.click("#theme")
    page.media(dark=False)
    expect(page.evaluate("getComputedStyle(document.body).backgroundColor") == colours[True], "Theme: dark is light")
    expect(page.evaluate(CONTRAST) == [], f"by the button: contrast {page.evaluate(CONTRAST)}")
    page.click("#theme")
    page.media(forced_colors=True)
    page.settle()
    pages.shoot(page, "forced_colours")
    no_complaints(page)
    page.close()


@check
def on_a_phone(browser, pages):
    for width in [390, 320]:
        page = browser.open(pages.phinet(), width, 844, mobile=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        expect(wide <= width, f"the page is {wide} wide on a screen of {width}")
        small = page.evaluate("Array.from(document.querySelectorAll('button, input')).filter((e) => e.getClientRects().length &&"
                              "e.getBoundingClientRect().height < 24).length")
        expect(small == 0, f"{small} controls are too small for a finger")
        expect(page.evaluate("document.querySelectorAll('#plan .box').length") > 80, "few boxes in the plan")
        pages.shoot(page, f"phone_{width}", whole=True)
        no_complaints(page)
        page.close()


@check
def on_paper(browser, pages):
    page = browser.open(pages.phinet(), 1280, 900, dark=True)
    paper = page.pdf()
    expect(paper.startswith(b"%PDF"), "no PDF")
    expect(len(re.findall(rb"/Type\s*/Page\b", paper)) < 40, "too many sheets")
    page.media(dark=True, kind="print")
    page.settle()
    expect(page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "paper is dark")
    pages.shoot(page, "paper", whole=True)
    if pages.screenshots:
        (pages.screenshots / "paper.pdf").write_bytes(paper)
    no_complaints(page)
    page.close()


# ---- other networks ----

@check
def names_break_nothing(browser, pages):
    """Names of the same length in the file's bytes: a model whose nodes and output are called like HTML."""
    model = (MODELS / "phinet_96/phinet_96.onnx").read_bytes()
    hostile = {b"/_layers.1/_layers.0/Conv": b"</script><svg onload=z()>",
               b"/_layers.2/_layers.4/Conv": b"<!--<script>`|@me\xff\xe2\x80\xae&lt;",
               b"logits": b"\"'<b>`"}
    for before, after in hostile.items():
        after = after[:len(before)].ljust(len(before), b"x")
        expect(before in model, f"no {before}")
        model = model.replace(before, after)
    path = pages.folder / "hostile.onnx"
    path.write_bytes(model)
    page = browser.open(pages.make("hostile", path, *pictures(), "--no-profile"), 1280, 900)
    expect(page.evaluate("document.scripts.length") == 2, "another script")
    expect(page.evaluate("document.querySelectorAll('svg[onload], b').length") == 0, "a name became an element")
    expect(page.evaluate("document.querySelector('#layer-0 th').textContent") == "</script><svg onload=z()>", "the name is changed")
    expect(page.evaluate("document.querySelectorAll('#layer-table tbody tr').length") == 87, "not 87 layers")
    page.evaluate("document.getElementById('plan').focus()")
    for _ in range(8):
        page.press("ArrowRight")
    page.press("p")
    expect(page.evaluate("document.querySelectorAll('#plan .box').length") > 2, "few boxes in the plan")
    text = page.evaluate("document.body.innerText")
    expect("\u202e" not in text, "the direction of writing is turned round")
    no_complaints(page)
    page.close()


@check
def a_detector_that_misses_its_budget(browser, pages):
    path = pages.folder / "missed.html"
    made = subprocess.run([pages.linnet, "report", MODELS / "yolophinet_256/yolophinet_256.onnx", *detector(), "--ram", "64K",
                           "--quiet", "-o", path], capture_output=True, text=True)
    expect(made.returncode == 3 and "E301" in made.stderr, f"{made.returncode}: {made.stderr}")
    page = browser.open("file://" + str(path), 1280, 900)
    expect("A budget is not met" in page.evaluate("document.querySelector('[role=alert]').textContent"), "no alert")
    expect(page.evaluate("document.querySelectorAll('.bar-row.over').length") == 1, "no bar is over")
    expect(page.evaluate("document.querySelectorAll('.tiles .bad').length") == 1, "no tile is marked")
    expect(page.evaluate("document.querySelectorAll('#layer-table tbody tr').length") > 100, "few layers")
    expect(page.evaluate(CONTRAST) == [], f"contrast {page.evaluate(CONTRAST)}")
    for _ in range(3):
        page.click("[data-plan=in]")
    page.click("[data-plan=all]")
    pages.shoot(page, "missed", whole=True)
    no_complaints(page)
    page.close()


@check
def a_folder_without_its_model(browser, pages):
    folder = pages.folder / "generated"
    subprocess.run([pages.linnet, "compile", MODELS / "tinyclap_small/tinyclap_small.onnx", "--calibrate",
                    MODELS / "tinyclap_small/calibration", "-o", folder, "--quiet"], check=True)
    page = browser.open(pages.make("folder", folder, "--no-profile"), 1280, 900)
    expect(page.evaluate("document.getElementById('graphs')") is None, "graphs without a model")
    expect(page.evaluate("document.querySelectorAll('#plan .box').length") > 20, "few boxes in the plan")
    pages.shoot(page, "folder", whole=True)
    no_complaints(page)
    page.close()


@check
def without_scripts(browser, pages):
    page = browser.open("about:blank", 1280, 900)
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.call("Page.navigate", url=pages.phinet())
    page.address = pages.phinet()
    page.wait("document.readyState === 'complete' && document.querySelector('#layer-table') !== null")
    expect(page.evaluate("document.querySelectorAll('#layer-table tbody tr').length") == 87, "not 87 layers")
    shown = page.evaluate("Array.from(document.querySelectorAll('.needs-script')).filter((e) => e.getClientRects().length).length")
    expect(shown == 0, f"{shown} controls that do nothing")
    page.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linnet")
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("checks", nargs="*")
    arguments = parser.parse_args()
    global MODELS
    MODELS = arguments.source / "models"
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
        arguments.screenshots = arguments.screenshots.resolve()
    browser = Browser.start()
    if browser is None:
        print("skipped: there is no Chromium (apt-get install chromium)")
        return 77
    failures = 0
    with browser, tempfile.TemporaryDirectory(prefix="linnet_pages_") as folder:
        pages = Pages(pathlib.Path(arguments.linnet).resolve(), pathlib.Path(folder), arguments.screenshots)
        for function in checks:
            if arguments.checks and function.__name__ not in arguments.checks:
                continue
            try:
                function(browser, pages)
                print("passed ", function.__name__)
            except (AssertionError, RuntimeError, subprocess.CalledProcessError) as failure:
                print("FAILED ", function.__name__ + ":", failure)
                failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
