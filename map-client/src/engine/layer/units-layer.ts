import { Layer, type LayerProps } from "@deck.gl/core";
import type { Buffer, Device } from "@luma.gl/core";
import { Model } from "@luma.gl/engine";
import type { UnitStore } from "../units/unit-store.ts";
import { unitsFragmentShader, unitsVertexShader, viewUniforms } from "./unit-shaders.ts";
import { type LayerScene, viewProps } from "./view-props.ts";

interface UnitsLayerProps extends LayerProps {
  readonly store: UnitStore;
  readonly scene: LayerScene;
}

interface UnitBuffers {
  readonly capacity: number;
  readonly motion: Buffer;
  readonly timing: Buffer;
  readonly look: Buffer;
}

/**
 * All units in one instanced drawing: the store's columns are the vertex buffers, the way between two fixes is computed on the
 * GPU. What changed since the last drawing is written before it; nothing is computed a unit on the main thread.
 */
export class UnitsLayer extends Layer<UnitsLayerProps> {
  static override layerName = "UnitsLayer";
  declare state: { model?: Model; buffers?: UnitBuffers };

  override initializeState(): void {
    this.state = {};
  }

  override shouldUpdateState(): boolean {
    return false;
  }

  // The store's columns take the place of deck.gl's accessors.
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
    const buffers = this.#upload(device, store);
    if (store.rows === 0) return;
    this.state.model ??= createModel(device, this.props.id, buffers);
    const { model } = this.state;
    model.setInstanceCount(store.rows);
    for (const top of [false, true]) {
      model.shaderInputs.setProps({ wufenView: viewProps(scene, store.baseMs, top) });
      model.draw(renderPass);
    }
    scene.frames += 1;
  }

  override finalizeState(context: Parameters<Layer["finalizeState"]>[0]): void {
    super.finalizeState(context);
    this.state.model?.destroy();
    this.#destroyBuffers();
  }

  #upload(device: Device, store: UnitStore): UnitBuffers {
    let { buffers } = this.state;
    if (buffers === undefined || buffers.capacity !== store.capacity) {
      this.#destroyBuffers();
      buffers = {
        capacity: store.capacity,
        motion: device.createBuffer({ data: store.motion }),
        timing: device.createBuffer({ data: store.timing }),
        look: device.createBuffer({ data: store.look }),
      };
      this.state.buffers = buffers;
      this.state.model?.setAttributes(attributesOf(buffers));
    } else if (store.dirtyTo > store.dirtyFrom) {
      const from = store.dirtyFrom * 4;
      const to = store.dirtyTo * 4;
      buffers.motion.write(store.motion.subarray(from, to), from * 4);
      buffers.timing.write(store.timing.subarray(from, to), from * 4);
      buffers.look.write(store.look.subarray(from, to), from);
    }
    store.dirtyFrom = 0;
    store.dirtyTo = 0;
    return buffers;
  }

  #destroyBuffers(): void {
    const { buffers } = this.state;
    buffers?.motion.destroy();
    buffers?.timing.destroy();
    buffers?.look.destroy();
  }
}

function attributesOf(buffers: UnitBuffers) {
  return { unitMotion: buffers.motion, unitTiming: buffers.timing, unitLook: buffers.look };
}

function createModel(device: Device, id: string, buffers: UnitBuffers): Model {
  return new Model(device, {
    id,
    vs: unitsVertexShader,
    fs: unitsFragmentShader,
    modules: [viewUniforms],
    topology: "triangle-strip",
    vertexCount: 4,
    isInstanced: true,
    bufferLayout: [
      { name: "unitMotion", format: "uint32x4", stepMode: "instance" },
      { name: "unitTiming", format: "float32x4", stepMode: "instance" },
      { name: "unitLook", format: "uint8x4", stepMode: "instance" },
    ],
    attributes: attributesOf(buffers),
    parameters: OVERLAY_PARAMETERS,
  });
}

export const OVERLAY_PARAMETERS = {
  depthCompare: "always",
  depthWriteEnabled: false,
  cullMode: "none",
  blend: true,
  blendColorSrcFactor: "src-alpha",
  blendColorDstFactor: "one-minus-src-alpha",
  blendColorOperation: "add",
  blendAlphaSrcFactor: "one",
  blendAlphaDstFactor: "one-minus-src-alpha",
  blendAlphaOperation: "add",
} as const;
