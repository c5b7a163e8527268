// Embed the figures of an explorer, and let its list choose what they show.
function explore(name) {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const data = read(name + "-data");
  const choice = document.getElementById(name + "-choice");
  Bokeh.embed.embed_item(read(name + "-item")).then(() => {
    const shown = Bokeh.documents.find((one) => one.get_model_by_name(name + "-0") !== null);
    const model = (place) => shown.get_model_by_name(name + "-" + place);
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
