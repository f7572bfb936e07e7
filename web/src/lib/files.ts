/** Pictures that arrive by drop, paste or choice. */

interface Files {
  readonly files: ArrayLike<File>;
}

/** The first file that may be a picture; the server decides by its bytes. */
export function firstPicture(data: Files | null): File | null {
  const files = Array.from(data?.files ?? []);
  return files.find((file) => file.type.startsWith("image/")) ?? files.find(mayBePicture) ?? null;
}

/** Some systems give no type for HEIC, AVIF or TIFF: believe the ending. */
function mayBePicture(file: File): boolean {
  return file.type === "" && /\.(jpe?g|png|gif|webp|bmp|tiff?|heic|heif|avif|svg)$/i.test(file.name);
}

/** Whether a drag brings files (and not a link or a piece of text). */
export function bringsFiles(data: { readonly types: readonly string[] } | null): boolean {
  return data?.types.includes("Files") ?? false;
}

/** Let the user choose a picture file. */
export function choose(take: (file: Blob) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/*";
  input.onchange = () => {
    const file = input.files?.[0];
    if (file) take(file);
  };
  input.click();
}

/** Hand a file to the browser to be saved. */
export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name.replace(/[/\\:*?"<>|]/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
