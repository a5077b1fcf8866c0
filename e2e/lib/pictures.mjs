// Real pictures, made by the browser and then written into as a telephone does: place, device, time, comments. Each carries canaries in
// all the corners in which they are found in the wild.

/** Draws a picture in the browser; returns its bytes. */
async function drawn(page, type, width = 640, height = 480) {
  const base64 = await page.evaluate(
    async ([mediaType, wide, high]) => {
      const canvas = new OffscreenCanvas(wide, high);
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#246";
      pen.fillRect(0, 0, wide, high);
      for (let line = 0; line < 40; line += 1) {
        pen.fillStyle = `hsl(${line * 9} 80% 60%)`;
        pen.fillRect((line * 37) % wide, (line * 53) % high, 60, 45);
      }
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: mediaType, quality: 0.8 })).arrayBuffer());
      let text = "";
      for (const byte of bytes) text += String.fromCharCode(byte);
      return btoa(text);
    },
    [type, width, height],
  );
  return Buffer.from(base64, "base64");
}

/** A TIFF block with a device and a place (GPS), as cameras write it; `note` stands in the device's name and in the place's text. */
function exif(note) {
  const text = Buffer.from(`${note}\0`, "latin1");
  const head = Buffer.alloc(8);
  head.write("II", 0, "latin1");
  head.writeUInt16LE(42, 2);
  head.writeUInt32LE(8, 4);
  const entry = (tag, type, count, value) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(type, 2);
    bytes.writeUInt32LE(count, 4);
    bytes.writeUInt32LE(value, 8);
    return bytes;
  };
  const directory = (entries, next) => {
    const count = Buffer.alloc(2);
    count.writeUInt16LE(entries.length);
    const end = Buffer.alloc(4);
    end.writeUInt32LE(next);
    return Buffer.concat([count, ...entries, end]);
  };
  // Directory 0: the model, and where the place stands. Directory of the place: latitude as three fractions, and a text.
  const first = 8;
  const second = first + 2 + 2 * 12 + 4;
  const data = second + 2 + 2 * 12 + 4;
  const fractions = Buffer.alloc(24);
  for (const [index, value] of [43, 1, 32, 1, 3271, 100].entries()) fractions.writeUInt32LE(value, 4 * index);
  return Buffer.concat([
    head,
    directory([entry(0x0110, 2, text.length, data), entry(0x8825, 4, 1, second)], 0),
    directory([entry(0x0002, 5, 3, data + text.length), entry(0x001c, 7, text.length, data)], 0),
    text,
    fractions,
  ]);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** JPEG with Exif, a comment, and the remains of an editing program. */
export async function jpeg(page, note) {
  const plain = await drawn(page, "image/jpeg");
  const segment = (marker, content) => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(content.length + 2, 2);
    return Buffer.concat([head, content]);
  };
  return Buffer.concat([
    plain.subarray(0, 2),
    segment(0xe1, Buffer.concat([Buffer.from("Exif\0\0", "latin1"), exif(note)])),
    segment(0xed, Buffer.from(`Photoshop 3.0\0${note}`, "latin1")),
    segment(0xfe, Buffer.from(note, "latin1")),
    plain.subarray(2),
    // What telephones append: a film, a depth map.
    Buffer.from(note, "latin1"),
  ]);
}

/** PNG with a text chunk, Exif, and the time of its making. */
export async function png(page, note) {
  const plain = await drawn(page, "image/png");
  const chunk = (type, content) => {
    const typed = Buffer.concat([Buffer.from(type, "latin1"), content]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    check.writeUInt32BE(crc32(typed));
    return Buffer.concat([length, typed, check]);
  };
  const afterHeader = 8 + 25;
  const time = Buffer.from([0x07, 0xea, 11, 25, 8, 30, 0]);
  return Buffer.concat([
    plain.subarray(0, afterHeader),
    chunk("tEXt", Buffer.from(`Comment\0${note}`, "latin1")),
    chunk("eXIf", exif(note)),
    chunk("tIME", time),
    plain.subarray(afterHeader),
  ]);
}

/** WebP in its extended form, with Exif and XMP. */
export async function webp(page, note) {
  const plain = await drawn(page, "image/webp");
  // A browser writes the extended form where there is transparency.
  const isExtended = plain.toString("latin1", 12, 16) === "VP8X";
  const chunk = (type, content) => {
    const head = Buffer.alloc(8);
    head.write(type, 0, "latin1");
    head.writeUInt32LE(content.length, 4);
    return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
  };
  const extended = Buffer.alloc(10);
  extended[0] = 0x08 | 0x04 | (isExtended ? plain[20] : 0);
  extended.writeUIntLE(640 - 1, 4, 3);
  extended.writeUIntLE(480 - 1, 7, 3);
  const inside = Buffer.concat([
    Buffer.from("WEBP", "latin1"),
    chunk("VP8X", extended),
    plain.subarray(isExtended ? 30 : 12),
    chunk("EXIF", exif(note)),
    chunk("XMP ", Buffer.from(`<x:xmpmeta><dc:creator>${note}</dc:creator></x:xmpmeta>`, "latin1")),
  ]);
  const head = Buffer.alloc(8);
  head.write("RIFF", 0, "latin1");
  head.writeUInt32LE(inside.length, 4);
  return Buffer.concat([head, inside]);
}

/** What is seen in it: width, height, and a hash over all pixels. */
export async function pixels(page, bytes, type) {
  return page.evaluate(
    async ([base64, mediaType]) => {
      const plain = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([plain], { type: mediaType }));
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      const pen = canvas.getContext("2d");
      pen.drawImage(picture, 0, 0);
      const { data } = pen.getImageData(0, 0, picture.width, picture.height);
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
      return `${picture.width} × ${picture.height}, ${[...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    },
    [bytes.toString("base64"), type],
  );
}
