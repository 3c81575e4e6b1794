import { Layer, type LayerProps } from "@deck.gl/core";
import type { Buffer, Device, Texture } from "@luma.gl/core";
import { Model } from "@luma.gl/engine";
import { LABEL_LIMIT } from "../units/choose-labels.ts";
import type { UnitStore } from "../units/unit-store.ts";
import { symbolRadius } from "../view.ts";
import type { LabelAtlas, LabelSprite } from "./label-atlas.ts";
import { labelsFragmentShader, labelsVertexShader, viewUniforms } from "./unit-shaders.ts";
import { OVERLAY_PARAMETERS } from "./units-layer.ts";
import { type LayerScene, viewProps } from "./view-props.ts";

/** The labels to draw; the map puts new ones in, the layer reads them at every drawing. */
export interface ChosenLabels {
  labels: readonly { readonly row: number; readonly sprite: LabelSprite }[];
}

interface LabelsLayerProps extends LayerProps {
  readonly store: UnitStore;
  readonly scene: LayerScene;
  readonly atlas: LabelAtlas;
  readonly chosen: ChosenLabels;
}

type LabelsState = {
  model?: Model;
  texture?: Texture;
  buffers?: Record<"labelMotion" | "labelTiming" | "labelPlace" | "labelBox", Buffer>;
};

/** Callsigns beside their units; they glide by the same numbers as the units do. */
export class LabelsLayer extends Layer<LabelsLayerProps> {
  static override layerName = "LabelsLayer";
  declare state: LabelsState;
  readonly #motion = new Uint32Array(LABEL_LIMIT * 4);
  readonly #timing = new Float32Array(LABEL_LIMIT * 4);
  readonly #place = new Float32Array(LABEL_LIMIT * 4);
  readonly #box = new Float32Array(LABEL_LIMIT * 4);

  override initializeState(): void {
    this.state = {};
  }

  override shouldUpdateState(): boolean {
    return false;
  }

  override _getAttributeManager() {
    return null;
  }

  // deck.gl would set uniforms of its own modules, which these shaders do not have.
  override getModels(): Model[] {
    return [];
  }

  override draw(): void {
    const { store, scene } = this.props;
    const { device, renderPass } = this.context;
    const count = this.#fill();
    if (count === 0) return;
    const buffers = this.#writeBuffers(device, count);
    const texture = this.#writeTexture(device);
    this.state.model ??= createModel(device, this.props.id, buffers, texture);
    this.state.model.setInstanceCount(count);
    this.state.model.shaderInputs.setProps({ wufenView: viewProps(scene, store.baseMs, true) });
    this.state.model.draw(renderPass);
  }

  override finalizeState(context: Parameters<Layer["finalizeState"]>[0]): void {
    super.finalizeState(context);
    this.state.model?.destroy();
    this.state.texture?.destroy();
    for (const buffer of Object.values(this.state.buffers ?? {})) buffer.destroy();
  }

  #fill(): number {
    const { store, chosen, scene } = this.props;
    const offset = symbolRadius(scene.view) + 3;
    let count = 0;
    for (const { row, sprite } of chosen.labels) {
      if (count === LABEL_LIMIT || !store.hasPosition(row)) continue;
      const at = count * 4;
      this.#motion.set(store.motion.subarray(row * 4, row * 4 + 4), at);
      this.#timing.set(store.timing.subarray(row * 4, row * 4 + 4), at);
      this.#place.set([offset, 0, sprite.width, sprite.height], at);
      this.#box.set(sprite.box, at);
      count += 1;
    }
    return count;
  }

  #writeBuffers(device: Device, count: number) {
    if (this.state.buffers === undefined) {
      this.state.buffers = {
        labelMotion: device.createBuffer({ data: this.#motion }),
        labelTiming: device.createBuffer({ data: this.#timing }),
        labelPlace: device.createBuffer({ data: this.#place }),
        labelBox: device.createBuffer({ data: this.#box }),
      };
      return this.state.buffers;
    }
    const { buffers } = this.state;
    buffers.labelMotion.write(this.#motion.subarray(0, count * 4));
    buffers.labelTiming.write(this.#timing.subarray(0, count * 4));
    buffers.labelPlace.write(this.#place.subarray(0, count * 4));
    buffers.labelBox.write(this.#box.subarray(0, count * 4));
    return buffers;
  }

  #writeTexture(device: Device): Texture {
    const { atlas } = this.props;
    const { canvas } = atlas;
    // Whole uploads of the atlas cost 10 ms: only the lines that were painted go to the GPU.
    const band = atlas.takePainted(this.state.texture === undefined);
    this.state.texture ??= device.createTexture({
      format: "rgba8unorm",
      width: canvas.width,
      height: canvas.height,
      sampler: {
        minFilter: "linear",
        magFilter: "linear",
        addressModeU: "clamp-to-edge",
        addressModeV: "clamp-to-edge",
      },
    });
    if (band !== undefined) {
      const { top, height, pixels } = band;
      this.state.texture.writeData(pixels, { y: top, width: canvas.width, height });
    }
    return this.state.texture;
  }
}

function createModel(device: Device, id: string, buffers: Record<string, Buffer>, texture: Texture): Model {
  return new Model(device, {
    id,
    vs: labelsVertexShader,
    fs: labelsFragmentShader,
    modules: [viewUniforms],
    topology: "triangle-strip",
    vertexCount: 4,
    isInstanced: true,
    bufferLayout: [
      { name: "labelMotion", format: "uint32x4", stepMode: "instance" },
      { name: "labelTiming", format: "float32x4", stepMode: "instance" },
      { name: "labelPlace", format: "float32x4", stepMode: "instance" },
      { name: "labelBox", format: "float32x4", stepMode: "instance" },
    ],
    attributes: buffers,
    bindings: { labelAtlas: texture },
    parameters: OVERLAY_PARAMETERS,
  });
}
