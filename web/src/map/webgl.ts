/**
 * The map by WebGL2: one rectangle per picture in view, all in one call.
 *
 * What is known of each image lies in textures of numbers, 1,024 in a row, and each rectangle is
 * given the number of its image only. So looking around uploads nothing but a list of numbers, and
 * that only when other images come into view.
 */

import { DIM } from "./drawlist";
import { DIMMED, FINER, halves, type Finer, type Frame, type Painter, type Scene } from "./painter";
import { COLUMNS, LAYER, perLayer, PER_SHEET, placeOf } from "./sheets";

const ROW = 1024;
const ROOM: Readonly<Record<Finer, number>> = { chosen: 4096, thumbnails: 256 };
/** Texture units: numbers of images, then pictures. */
const UNIT = { places: 0, looks: 1, sprites: 2, sheets: 3, chosen: 4, thumbnails: 5 } as const;
/** Columns of `uSprites`: cell on the sheets, slots of the finer pictures + 1, shape in thousandths. */
const FIELD = { cell: 0, chosen: 1, thumbnails: 2, ratio: 3 } as const;

const VERTEX = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
uniform sampler2D uPlaces;
uniform sampler2D uLooks;
uniform usampler2D uSprites;
uniform vec3 uView;      // middle of the screen on the map, pixels per unit
uniform vec2 uSize;      // of the screen, pixels
uniform float uMorph;
uniform float uTile;
uniform float uFrame;
in uint which;
out vec2 vPixel;         // from the picture's top left corner
flat out vec2 vExtent;   // of the picture, pixels
flat out vec4 vLook;
flat out uvec3 vSprite;
void main() {
  ivec2 at = ivec2(int(which) & ${ROW - 1}, int(which) >> 10);
  vec4 places = texelFetch(uPlaces, at, 0);
  uvec4 sprite = texelFetch(uSprites, at, 0);
  float ratio = float(sprite.w) / 1000.0;
  vExtent = uTile * (ratio >= 1.0 ? vec2(1.0, 1.0 / ratio) : vec2(ratio, 1.0));
  vLook = texelFetch(uLooks, at, 0);
  vSprite = sprite.xyz;
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 reach = vExtent * 0.5 + uFrame;
  vec2 offset = mix(-reach, reach, corner);
  vPixel = offset + vExtent * 0.5;
  vec2 pixel = (mix(places.xy, places.zw, uMorph) - uView.xy) * uView.z + offset;
  gl_Position = vec4(pixel * 2.0 / uSize * vec2(1.0, -1.0), 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2DArray;
uniform sampler2DArray uSheets;
uniform sampler2DArray uChosen;
uniform sampler2DArray uThumbnails;
uniform float uSide;     // of a sprite on the sheets
uniform int uAcross;     // sheets in a row of a layer
uniform float uFrame;
uniform float uDots;
uniform float uRound;    // 1: discs
uniform float uTile;
uniform float uLod;
uniform vec3 uGround;
in vec2 vPixel;
flat in vec2 vExtent;
flat in vec4 vLook;
flat in uvec3 vSprite;
out vec4 colour;

vec3 cell(int n, int across, float side, vec2 uv) {
  vec2 corner = vec2(n % across, n / across);
  return vec3((corner + clamp(uv, 0.5 / side, 1.0 - 0.5 / side)) * side / ${LAYER}.0, 0.0);
}

vec4 finer(sampler2DArray pictures, uint slot, float side, vec2 uv) {
  int across = int(${LAYER}.0 / side);
  int n = int(slot) - 1;
  vec3 at = cell(n % (across * across), across, side, uv);
  return textureLod(pictures, vec3(at.xy, float(n / (across * across))), 0.0);
}

vec4 coarse(vec2 uv) {
  int n = int(vSprite.x);
  int sheet = n / ${PER_SHEET};
  int perLayer = uAcross * uAcross;
  int inLayer = sheet % perLayer;
  int within = n % ${PER_SHEET};
  ivec2 at = ivec2(inLayer % uAcross, inLayer / uAcross) * ${COLUMNS}
    + ivec2(within % ${COLUMNS}, within / ${COLUMNS});
  float inset = min(0.5, 0.5 * exp2(uLod) / uSide);
  vec2 place = (vec2(at) + clamp(uv, inset, 1.0 - inset)) * uSide / ${LAYER}.0;
  return textureLod(uSheets, vec3(place, float(sheet / perLayer)), uLod);
}

void main() {
  vec2 uv = vPixel / vExtent;
  int state = int(vLook.a * 255.0 + 0.5);
  float shown = 1.0;
  bool inside = all(greaterThanEqual(vPixel, vec2(0.0))) && all(lessThan(vPixel, vExtent));
  if (uRound > 0.0) {
    float radius = 0.5 * uTile + uFrame;
    shown *= clamp(radius + 0.5 - length(vPixel - 0.5 * vExtent), 0.0, 1.0);
  }
  vec3 seen = vLook.rgb;
  if (inside && uDots < 1.0) {
    vec4 picture = vSprite.z > 0u ? finer(uThumbnails, vSprite.z, ${FINER.thumbnails}.0, uv)
      : vSprite.y > 0u ? finer(uChosen, vSprite.y, ${FINER.chosen}.0, uv)
      : coarse(uv);
    // Where a sheet has not come yet its texture is clear: the colour stands for the picture.
    seen = mix(seen, picture.rgb, picture.a * (1.0 - uDots));
  }
  if (state == ${DIM}) seen = mix(uGround, seen, ${DIMMED});
  colour = vec4(seen * shown, shown);
}`;

/**
 * A painter, or null where there is no WebGL2.
 *
 * WebGL that the processor imitates (no graphics card, no driver) is ten times slower than a plain
 * canvas, so it counts as missing, unless it is asked for.
 */
export function webglPainter(canvas: HTMLCanvasElement, imitated: boolean): Painter | null {
  if (!imitated && isImitated()) return null;
  const gl = canvas.getContext("webgl2", {
    antialias: false,
    depth: false,
    premultipliedAlpha: true,
    powerPreference: "high-performance",
  });
  return gl && new WebGLPainter(gl);
}

/** Whether WebGL2 is missing or imitated; tried on a canvas that is never shown. */
function isImitated(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return true;
  const unmasked = gl.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER;
  const renderer = String(gl.getParameter(unmasked));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}

class WebGLPainter implements Painter {
  readonly kind = "webgl";
  readonly copies = true;
  readonly room = ROOM;
  readonly #program: WebGLProgram;
  readonly #uniforms = new Map<string, WebGLUniformLocation | null>();
  readonly #list: WebGLBuffer;
  readonly #textures = new Map<string, WebGLTexture>();
  #levels = 1;
  #scene: Scene | null = null;
  #sprites = new Uint32Array();
  #changed = new Set<number>(); // rows of `#sprites`
  #version = -1;

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.#program = linked(gl);
    this.#list = gl.createBuffer();
    gl.bindVertexArray(gl.createVertexArray());
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#list);
    const which = gl.getAttribLocation(this.#program, "which");
    gl.enableVertexAttribArray(which);
    gl.vertexAttribIPointer(which, 1, gl.UNSIGNED_INT, 0, 0);
    gl.vertexAttribDivisor(which, 1);
    gl.useProgram(this.#program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    for (const [name, unit] of Object.entries(UNIT))
      gl.uniform1i(this.#uniform(`u${name.charAt(0).toUpperCase()}${name.slice(1)}`), unit);
  }

  open(scene: Scene): void {
    const { gl } = this;
    const n = scene.ratios.length;
    this.#scene = scene;
    this.#version = -1;
    const places = new Float32Array(padded(n) * 4);
    this.#sprites = new Uint32Array(padded(n) * 4);
    for (let i = 0; i < n; i++) {
      places.set([scene.scatter.x[i] ?? 0, scene.scatter.y[i] ?? 0, scene.grid.x[i] ?? 0, scene.grid.y[i] ?? 0], i * 4);
      this.#sprites[i * 4 + FIELD.cell] = scene.cells[i] ?? 0;
      this.#sprites[i * 4 + FIELD.ratio] = Math.round(1000 * Math.min(60, Math.max(1 / 60, scene.ratios[i] ?? 1)));
    }
    this.#numbers("places", gl.RGBA32F, n);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, ROW, padded(n) / ROW, gl.RGBA, gl.FLOAT, places);
    this.#numbers("sprites", gl.RGBA32UI, n);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, ROW, padded(n) / ROW, gl.RGBA_INTEGER, gl.UNSIGNED_INT, this.#sprites);
    this.#numbers("looks", gl.RGBA8, n);

    this.#levels = halves(scene.side).length;
    const layers = Math.max(1, Math.ceil(scene.sheets / perLayer(scene.side)));
    this.#pictures("sheets", layers, this.#levels);
    for (const kind of ["chosen", "thumbnails"] as const) {
      const each = (LAYER / FINER[kind]) ** 2;
      this.#pictures(kind, Math.max(1, Math.ceil(Math.min(n, ROOM[kind]) / each)), 1);
    }
    gl.uniform1f(this.#uniform("uSide"), scene.side);
    gl.uniform1i(this.#uniform("uAcross"), LAYER / (COLUMNS * scene.side));
  }

  sheet(n: number, sizes: readonly ImageBitmap[]): void {
    const { gl } = this;
    if (!this.#scene) return;
    const at = placeOf(n, this.#scene.side);
    this.#bind("sheets");
    sizes.forEach((bitmap, level) =>
      gl.texSubImage3D(
        gl.TEXTURE_2D_ARRAY, level, at.x >> level, at.y >> level, at.layer,
        bitmap.width, bitmap.height, 1, gl.RGBA, gl.UNSIGNED_BYTE, bitmap,
      ),
    );
  }

  keep(kind: Finer, slot: number, bitmap: ImageBitmap, x: number, y: number): void {
    const { gl } = this;
    const side = FINER[kind];
    const across = LAYER / side;
    const within = slot % (across * across);
    this.#bind(kind);
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, x);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, y);
    gl.texSubImage3D(
      gl.TEXTURE_2D_ARRAY, 0, (within % across) * side, Math.floor(within / across) * side,
      Math.floor(slot / (across * across)), side, side, 1, gl.RGBA, gl.UNSIGNED_BYTE, bitmap,
    );
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, 0);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, 0);
  }

  assign(kind: Finer, point: number, slot: number): void {
    this.#sprites[point * 4 + FIELD[kind]] = slot + 1;
    this.#changed.add(Math.floor(point / ROW));
  }

  look(bytes: Uint8Array): void {
    const { gl } = this;
    const rows = padded(bytes.length / 4) / ROW;
    const whole = new Uint8Array(rows * ROW * 4);
    whole.set(bytes);
    this.#bind("looks");
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, ROW, rows, gl.RGBA, gl.UNSIGNED_BYTE, whole);
  }

  paint(frame: Frame): void {
    const { gl } = this;
    const scene = this.#scene;
    if (!scene) return;
    this.#uploadSlots();
    if (frame.version !== this.#version) {
      gl.bufferData(gl.ARRAY_BUFFER, frame.list.subarray(0, frame.count), gl.STREAM_DRAW);
      this.#version = frame.version;
    }
    const { width, height } = frame.size;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform3f(this.#uniform("uView"), frame.view.x, frame.view.y, frame.view.scale);
    gl.uniform2f(this.#uniform("uSize"), width, height);
    gl.uniform1f(this.#uniform("uMorph"), frame.morph);
    gl.uniform1f(this.#uniform("uTile"), frame.tile);
    gl.uniform1f(this.#uniform("uFrame"), frame.frame);
    gl.uniform1f(this.#uniform("uDots"), frame.dots);
    gl.uniform1f(this.#uniform("uRound"), frame.dots >= 1 ? 1 : 0);
    const [red, green, blue] = frame.ground;
    gl.uniform3f(this.#uniform("uGround"), red / 255, green / 255, blue / 255);
    const shrunk = Math.log2(scene.side / Math.max(1, frame.tile * frame.ratio));
    gl.uniform1f(this.#uniform("uLod"), Math.min(this.#levels - 1, Math.max(0, shrunk)));
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, frame.count);
  }

  close(): void {
    const { gl } = this;
    for (const texture of this.#textures.values()) gl.deleteTexture(texture);
    gl.deleteBuffer(this.#list);
    gl.deleteProgram(this.#program);
  }

  /** Bring rows of slots that changed to the graphics card. */
  #uploadSlots(): void {
    const { gl } = this;
    if (!this.#changed.size) return;
    this.#bind("sprites");
    for (const row of this.#changed)
      gl.texSubImage2D(
        gl.TEXTURE_2D, 0, 0, row, ROW, 1, gl.RGBA_INTEGER, gl.UNSIGNED_INT,
        this.#sprites.subarray(row * ROW * 4, (row + 1) * ROW * 4),
      );
    this.#changed.clear();
  }

  /** Make a texture that holds numbers of n images, and bind it. */
  #numbers(name: keyof typeof UNIT, format: number, n: number): void {
    const { gl } = this;
    this.#fresh(name, gl.TEXTURE_2D);
    gl.texStorage2D(gl.TEXTURE_2D, 1, format, ROW, padded(n) / ROW);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  /** Make a texture that holds pictures. */
  #pictures(name: keyof typeof UNIT, layers: number, levels: number): void {
    const { gl } = this;
    this.#fresh(name, gl.TEXTURE_2D_ARRAY);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, levels, gl.RGBA8, LAYER, LAYER, layers);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, levels > 1 ? gl.LINEAR_MIPMAP_LINEAR : gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  #fresh(name: keyof typeof UNIT, target: number): void {
    const { gl } = this;
    const old = this.#textures.get(name);
    if (old) gl.deleteTexture(old);
    const texture = gl.createTexture();
    this.#textures.set(name, texture);
    gl.activeTexture(gl.TEXTURE0 + UNIT[name]);
    gl.bindTexture(target, texture);
  }

  /** Every texture stays bound to a unit of its own; choosing the unit chooses the texture. */
  #bind(name: keyof typeof UNIT): void {
    this.gl.activeTexture(this.gl.TEXTURE0 + UNIT[name]);
  }

  #uniform(name: string): WebGLUniformLocation | null {
    let known = this.#uniforms.get(name);
    if (known === undefined) {
      known = this.gl.getUniformLocation(this.#program, name);
      this.#uniforms.set(name, known);
    }
    return known;
  }
}

/** How many numbers fill whole rows. */
function padded(n: number): number {
  return Math.max(1, Math.ceil(n / ROW)) * ROW;
}

function linked(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("The map’s shader could not be made; the context is lost.");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(`The map’s shaders do not work here: ${gl.getProgramInfoLog(program) ?? ""}`);
  return program;
}
