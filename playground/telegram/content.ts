import type { Call } from "./call.ts";
import { badRequest } from "./failure.ts";
import { MAX_DOCUMENT_BYTES, MAX_PHOTO_BYTES, mimeOf, readImageSize, type StoredFile } from "./files.ts";
import { captionText, messageText, type TextInput } from "./formatted-text.ts";
import type { InputMedia } from "./schemas.ts";
import type { Content, Entity } from "./types.ts";

export interface Captioned {
  readonly caption?: string | undefined;
  readonly parse_mode?: string | undefined;
  readonly caption_entities?: readonly Entity[] | undefined;
  readonly show_caption_above_media?: boolean | undefined;
}

export function textContent(
  input: TextInput & { readonly link_preview_options?: Content["link_preview_options"] },
): Content {
  const { text, entities } = messageText(input);
  return {
    text,
    ...(entities.length > 0 && { entities }),
    ...(input.link_preview_options && { link_preview_options: input.link_preview_options }),
  };
}

export function mediaContent(call: Call, media: InputMedia): Content {
  return media.type === "photo"
    ? photoContent(call, media.media, media, media.has_spoiler)
    : documentContent(call, media.media, media);
}

/** `reference`: attach://NAME of an upload in the same call, or the file_id of a photo sent before. */
export function photoContent(call: Call, reference: string, caption: Captioned, hasSpoiler?: boolean): Content {
  const file = resolveFile(call, "photos", reference, (bytes) => {
    if (bytes.length > MAX_PHOTO_BYTES) throw badRequest("file is too big");
    return readImageSize(bytes).mime;
  });
  const { width, height } = readImageSize(file.bytes);
  const size = { file_id: file.id, file_unique_id: file.uniqueId, width, height, file_size: file.bytes.length };
  return { photo: [size], ...captionOf(caption), ...(hasSpoiler && { has_media_spoiler: true }) };
}

export function documentContent(call: Call, reference: string, caption: Captioned): Content {
  const file = resolveFile(call, "documents", reference, (bytes, name) => {
    if (bytes.length > MAX_DOCUMENT_BYTES) throw badRequest("file is too big");
    return mimeOf(name);
  });
  return { document: toDocument(file), ...captionOf(caption) };
}

export const toDocument = (file: StoredFile): NonNullable<Content["document"]> => ({
  file_id: file.id,
  file_unique_id: file.uniqueId,
  file_name: file.name,
  mime_type: file.mime,
  file_size: file.bytes.length,
});

export function captionOf(input: Captioned): Content {
  const { text, entities } = captionText({
    text: input.caption ?? "",
    parse_mode: input.parse_mode,
    entities: input.caption_entities,
  });
  if (text === "") return {};
  return {
    caption: text,
    ...(entities.length > 0 && { caption_entities: entities }),
    ...(input.show_caption_above_media && { show_caption_above_media: true }),
  };
}

function resolveFile(
  { world, uploads }: Call,
  folder: "photos" | "documents",
  reference: string,
  check: (bytes: Buffer, name: string) => string,
): StoredFile {
  const attached = /^attach:\/\/(.+)$/.exec(reference)?.[1];
  if (attached !== undefined) {
    const upload = uploads.get(attached);
    if (!upload) throw badRequest(`wrong file identifier/HTTP URL specified: no file "${attached}" in the request`);
    if (upload.bytes.length === 0) throw badRequest("file must be non-empty");
    return world.files.add(folder, upload.name, upload.bytes, check(upload.bytes, upload.name));
  }
  if (/^https?:\/\//i.test(reference)) throw badRequest("failed to get HTTP URL content");
  const known = world.files.find(reference);
  if (!known) throw badRequest("wrong file identifier/HTTP URL specified");
  if (!known.path.startsWith(`${folder}/`))
    throw badRequest(
      folder === "photos" ? "can't use file of type Document as Photo" : "can't use file of type Photo as Document",
    );
  return known;
}
