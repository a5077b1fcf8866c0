/**
 * Inside the viewer: shows one picture or plays one sound that the page around it hands over. It has an origin of its own, no
 * network, no storage and no keys; a file that does harm does it in here (docs/adr/0011-files.md).
 */
const PICTURES = ["image/jpeg", "image/png", "image/webp"];
const SOUNDS = ["audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg"];

let shown = "";

function show(file: Blob, name: string): void {
  const place = document.getElementById("show");
  if (place === null) return;
  if (shown !== "") URL.revokeObjectURL(shown);
  let media: HTMLImageElement | HTMLAudioElement;
  if (PICTURES.includes(file.type)) {
    media = document.createElement("img");
    media.alt = name;
    media.style.maxWidth = "100%";
    media.style.maxHeight = "100vh";
  } else if (SOUNDS.includes(file.type)) {
    media = document.createElement("audio");
    media.controls = true;
    media.title = name;
    media.style.width = "100%";
  } else return;
  const tell = (state: "shown" | "failed"): void => parent.postMessage(state, "*");
  media.addEventListener(media instanceof HTMLImageElement ? "load" : "loadedmetadata", () => tell("shown"));
  media.addEventListener("error", () => tell("failed"));
  shown = URL.createObjectURL(file);
  media.src = shown;
  place.replaceChildren(media);
}

addEventListener("message", (event: MessageEvent<{ file?: unknown; name?: unknown } | null>) => {
  if (event.source !== parent || event.data === null) return;
  const { file, name } = event.data;
  if (file instanceof Blob && typeof name === "string") show(file, name);
});
parent.postMessage("ready", "*");
