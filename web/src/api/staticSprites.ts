/** Many small pictures in one, as the server packs them, made here from single thumbnails. */

const ACROSS = 16;

/** Draw pictures stretched to squares, 16 in a row; one that can't be had leaves its cell empty. */
export async function packed(
  ids: readonly number[],
  side: number,
  picture: (id: number) => Promise<Blob>,
): Promise<Blob> {
  const sheet = new OffscreenCanvas(ACROSS * side, Math.ceil(ids.length / ACROSS) * side);
  const pen = sheet.getContext("2d");
  if (!pen) throw new Error("This browser draws no pictures.");
  await Promise.allSettled(
    ids.map(async (id, i) => {
      const bitmap = await createImageBitmap(await picture(id), {
        resizeWidth: side,
        resizeHeight: side,
        resizeQuality: "medium",
      });
      pen.drawImage(bitmap, (i % ACROSS) * side, Math.floor(i / ACROSS) * side);
      bitmap.close();
    }),
  );
  return sheet.convertToBlob({ type: "image/jpeg", quality: 0.9 });
}
