// Where the pages are opened as files a browser starts no Worker from them: a hidden frame does the search then.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentWindow;
      const deliver = (to, data) => setTimeout(() => {
        const event = new MessageEvent("message", { data });
        to.dispatchEvent(event);
        if (to === this && this.onmessage) this.onmessage(event);
      });
      this.terminate = () => frame.remove();
      inside.postMessage = (data) => deliver(this, data);
      inside.importScripts = (...urls) => urls.forEach((each) => {
        const script = inside.document.createElement("script");
        script.src = each;
        inside.document.body.append(script);
      });
      const script = inside.document.createElement("script");
      script.src = url;
      const ready = new Promise((resolve) => script.addEventListener("load", resolve));
      this.postMessage = (data) => void ready.then(() => deliver(inside, data));
      inside.document.body.append(script);
    }
  };
}
