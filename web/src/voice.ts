/** A voice message, recorded in the page: for who does not write. It stays in memory, and becomes a file like any other. */
import { element, text } from "./page.js";

/** A recording ends by itself after ten minutes. */
const LONGEST_MS = 600_000;
/** Enough for a voice; ten minutes are two million bytes. */
const BITS_PER_SECOND = 24_000;
const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

/** Shows the part of the page where a browser can record; hands every finished recording over. */
export function startVoice(done: (file: File) => void): void {
  const record = element("voice-record", HTMLButtonElement);
  const stop = element("voice-stop", HTMLButtonElement);
  const state = element("voice-state", HTMLElement);
  const type = typeof MediaRecorder === "undefined" ? undefined : TYPES.find((one) => MediaRecorder.isTypeSupported(one));
  if (type === undefined || (navigator as { mediaDevices?: MediaDevices }).mediaDevices === undefined) return;
  element("voice", HTMLElement).hidden = false;

  let recorder: MediaRecorder | null = null;
  let isWanted = true;
  let recorded = 0;

  function show(isRecording: boolean, sentence: string): void {
    record.hidden = isRecording;
    stop.hidden = !isRecording;
    state.textContent = sentence;
    (isRecording ? stop : record).focus();
  }

  async function begin(): Promise<void> {
    if (recorder !== null || type === undefined) return;
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      show(false, text("voice-refused"));
      return;
    }
    const parts: Blob[] = [];
    isWanted = true;
    const started = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    const limit = setTimeout(() => started.state === "recording" && started.stop(), LONGEST_MS);
    started.ondataavailable = ({ data }) => parts.push(data);
    started.onstop = () => {
      clearTimeout(limit);
      for (const track of stream.getTracks()) track.stop();
      recorder = null;
      const [plain = ""] = type.split(";");
      const extension = plain.split("/")[1] ?? "";
      show(false, isWanted ? text("voice-recorded") : "");
      // The number alone: a name must not say when it was recorded.
      if (isWanted) done(new File(parts, `${text("voice-name")}-${++recorded}.${extension}`, { type: plain }));
    };
    recorder = started;
    started.start();
    show(true, text("voice-recording"));
  }

  record.addEventListener("click", () => void begin());
  stop.addEventListener("click", () => recorder?.stop());
  // Covered, left or emptied: what is being recorded is nobody's.
  document.addEventListener("cleared", () => {
    isWanted = false;
    recorder?.stop();
    state.textContent = "";
  });
}
