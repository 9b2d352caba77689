"""A headless Chromium driven over a pipe, with nothing but Python's own library.

    with Browser.start() as browser:             # None when there is no Chromium
        page = browser.open("file:///tmp/report.html", width=1280, height=900)
        assert page.evaluate("document.title") == "..."
        page.press("Tab")
        page.screenshot("page.png")

The protocol is Chromium's DevTools protocol: JSON messages that end with a zero byte, on descriptors 3 and 4.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]
SECONDS = 120  # for one answer: machines that test are busy
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "Home": 36, "End": 35,
        "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}


class Browser:
    @staticmethod
    def start():
        program = next((shutil.which(name) for name in NAMES if shutil.which(name)), None)
        return Browser(program) if program else None

    def __init__(self, program):
        self.profile = tempfile.TemporaryDirectory(prefix="linnet_browser_")
        theirs_in, ours_out = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in os.pipe()]
        ours_in, theirs_out = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in os.pipe()]

        def place_pipes():
            os.dup2(theirs_in, 3)
            os.dup2(theirs_out, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", "--disable-extensions", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--force-device-scale-factor=1",
             "--user-data-dir=" + self.profile.name, "about:blank"],
            preexec_fn=place_pipes, pass_fds=(3, 4), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.profile.name})
        os.close(theirs_in)
        os.close(theirs_out)
        self.input, self.output = ours_in, ours_out
        self.buffer, self.number, self.events = b"", 0, []

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        try:
            self.call("Browser.close")
        except (OSError, RuntimeError):
            pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        try:
            self.profile.cleanup()
        except OSError:
            pass  # a helper process may still write into it

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.input], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.input, 1 << 16) if ready else b""
            if not data:
                raise RuntimeError("the browser does not answer")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.output, data):]
        deadline = time.monotonic() + SECONDS
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, address, width, height, dark=False, mobile=False):
        return Page(self, address, width, height, dark, mobile)


class Page:
    def __init__(self, browser, address, width, height, dark, mobile):
        self.browser = browser
        self.address = address
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target,
                                    flatten=True)["sessionId"]
        browser.events.clear()
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=mobile)
        self.call("Emulation.setTouchEmulationEnabled", enabled=mobile)
        self.media(dark=dark)
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")
        self.settle()

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def media(self, dark=False, forced_colors=False, kind=""):
        self.call("Emulation.setEmulatedMedia", media=kind, features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "forced-colors", "value": "active" if forced_colors else "none"}])

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, condition):
        deadline = time.monotonic() + SECONDS
        while not self.evaluate(condition):
            if time.monotonic() > deadline:
                raise RuntimeError("never: " + condition)
            time.sleep(0.05)

    # What was asked for by requestAnimationFrame is drawn.
    def settle(self):
        self.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(() => "
                      "setTimeout(done, 0)), 0))")

    def press(self, key, shift=False):
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        code = KEYS.get(key, ord(key[0].upper()))
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)
        self.settle()

    def type(self, text):
        for letter in text:
            self.call("Input.insertText", text=letter)
        self.settle()

    def mouse(self, kind, x, y, buttons=0, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left" if buttons or
                  kind != "mouseMoved" else "none", buttons=buttons, **more)
        self.settle()

    def click(self, selector):
        x, y = self.middle(selector)
        self.mouse("mousePressed", x, y, buttons=1, clickCount=1)
        self.mouse("mouseReleased", x, y, clickCount=1)

    # Of an element, brought into view.
    def middle(self, selector):
        return self.evaluate(f"(() => {{ const element = document.querySelector({json.dumps(selector)});"
                             "element.scrollIntoView({block: 'center', behavior: 'instant'});"
                             "const box = element.getBoundingClientRect();"
                             "return [box.x + box.width / 2, box.y + box.height / 2]; })()")

    def screenshot(self, path, whole=False):
        image = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(image["data"]))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    # Errors and warnings on the console, exceptions, and requests for anything but the page.
    def complaints(self):
        found = []
        for event in self.browser.events:
            method, values = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append("exception: " + json.dumps(values["exceptionDetails"])[:300])
            elif method == "Runtime.consoleAPICalled":
                found.append("console: " + json.dumps(values["args"])[:300])
            elif method == "Log.entryAdded":
                found.append("log: " + values["entry"]["text"])
            elif method == "Network.requestWillBeSent":
                address = values["request"]["url"].split("#")[0]
                if address != self.address and not address.startswith("data:"):
                    found.append("request: " + address)
        return found

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
