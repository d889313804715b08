// Search in pages that are opened from the disk. Browsers start no worker from a file, so the
// theme's runs in a hidden frame there, where it finds what it expects of a worker.
if (location.protocol === 'file:')
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement('iframe');
      frame.hidden = true;
      document.documentElement.append(frame);
      const inside = frame.contentWindow;
      inside.postMessage = data => this.dispatchEvent(new MessageEvent('message', {data}));
      this.loaded = new Promise((resolve, reject) => {
        const script = inside.document.createElement('script');
        script.src = url;
        script.onload = () => resolve(inside);
        script.onerror = reject;
        inside.document.body.append(script);
      });
    }

    async postMessage(data) {
      (await this.loaded).dispatchEvent(new MessageEvent('message', {data}));
    }
  };
