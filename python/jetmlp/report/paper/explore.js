// Embed the figures of an explorer, and let its list choose what they show.
function explore(name) {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const data = read(name + "-data");
  const choice = document.getElementById(name + "-choice");
  Bokeh.embed.embed_item(read(name + "-item")).then(() => {
    const shown = Bokeh.documents.find((one) => one.get_model_by_name(name + "-0") !== null);
    const model = (place) => shown.get_model_by_name(name + "-" + place);
    if (window.matchMedia("(pointer: coarse)").matches) {
      // A finger that drags over a figure means the page, until somebody chooses a tool.
      for (let place = 0, plot; (plot = model("plot-" + place)) !== null; place += 1) {
        plot.toolbar.tools.filter((tool) => tool.active).forEach((tool) => (tool.active = false));
      }
    }
    choice.addEventListener("change", () => {
      for (const [place, columns] of Object.entries(data[choice.value])) {
        const source = model(place);
        if (source === null) continue;
        // JSON has no NaN: what is missing is null there.
        source.data = Object.fromEntries(
          Object.entries(columns).map(([key, numbers]) => [key, numbers.map((x) => (x === null ? NaN : x))]),
        );
      }
    });
    document.getElementById(name + "-figures").dataset.ready = "yes";
  });
}
