/**
 * What Blender is told in Python. Values are put in as JSON texts, which Python reads alike (strings, whole numbers), or come
 * in a file of their own: nothing that a job names becomes a program.
 */

const text = (value: string | number): string => JSON.stringify(value);

/** Samples `from` to `to` of every frame, the same ones whoever renders them. */
export function samplesScript(from: number, to: number): string {
  return [
    'import bpy',
    'for scene in bpy.data.scenes:',
    '    cycles = getattr(scene, "cycles", None)',
    '    if cycles is None or not hasattr(cycles, "sample_offset"): continue',
    '    scene.render.engine = "CYCLES"',
    `    cycles.sample_offset = ${text(from - 1)}`,
    `    cycles.samples = ${text(to - from + 1)}`,
    '    cycles.use_adaptive_sampling = False',
    '    cycles.use_denoising = False',
  ].join('\n');
}

/** All sound of the scene as FLAC. */
export function audioScript({ output, first, last }: { output: string; first: number | null; last: number | null }): string {
  return [
    'import bpy',
    'scene = bpy.context.scene',
    ...(first === null ? [] : [`scene.frame_start = ${text(first)}`]),
    ...(last === null ? [] : [`scene.frame_end = ${text(last)}`]),
    `bpy.ops.sound.mixdown(filepath=${text(output)}, check_existing=False, relative_path=False, container="FLAC", codec="FLAC", format="S24")`,
  ].join('\n');
}

/** Reads `job.json` beside it: `{"files": [{"source", "target"}]}`. With the look of the blend file that is open. */
export const previewScript = `
import bpy, json, os
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "job.json"), encoding="utf-8") as file:
    job = json.load(file)
scene = bpy.context.scene
scene.render.image_settings.file_format = "JPEG"
scene.render.image_settings.quality = 90
for one in job["files"]:
    image = bpy.data.images.load(one["source"])
    image.save_render(one["target"], scene=scene)
    bpy.data.images.remove(image)
    print("Saved: '" + one["target"] + "'", flush=True)
`;

/**
 * Reads \`job.json\` beside it: \`{"weight1", "weight2", "files": [{"input1", "input2", "output"}]}\`. The weighted mean of two
 * pictures, by the compositor: it needs nothing that not every Blender has.
 */
export const mergeScript = `
import bpy, json, os
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "job.json"), encoding="utf-8") as file:
    job = json.load(file)
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
scene.collection.objects.link(camera)
scene.camera = camera
scene.use_nodes = True
tree = scene.node_tree
tree.nodes.clear()
inputs = [tree.nodes.new("CompositorNodeImage") for _ in range(2)]
mix = tree.nodes.new("CompositorNodeMixRGB")
mix.blend_type = "MIX"
mix.inputs[0].default_value = job["weight2"] / (job["weight1"] + job["weight2"])
alpha = tree.nodes.new("CompositorNodeMixRGB")
alpha.blend_type = "MIX"
alpha.inputs[0].default_value = mix.inputs[0].default_value
result = tree.nodes.new("CompositorNodeComposite")
both = tree.nodes.new("CompositorNodeSetAlpha")
both.mode = "REPLACE_ALPHA"
for i, node in enumerate(inputs):
    tree.links.new(node.outputs["Image"], mix.inputs[i + 1])
    tree.links.new(node.outputs["Alpha"], alpha.inputs[i + 1])
tree.links.new(mix.outputs[0], both.inputs["Image"])
tree.links.new(alpha.outputs[0], both.inputs["Alpha"])
tree.links.new(both.outputs[0], result.inputs["Image"])
render = scene.render
render.use_compositing = True
render.use_sequencer = False
render.resolution_percentage = 100
render.use_file_extension = False
render.image_settings.file_format = "OPEN_EXR"
render.image_settings.color_mode = "RGBA"
render.image_settings.color_depth = "32"
for one in job["files"]:
    for node, name in zip(inputs, ("input1", "input2")):
        node.image = bpy.data.images.load(one[name])
    sizes = [tuple(node.image.size) for node in inputs]
    if sizes[0] != sizes[1] or 0 in sizes[0]:
        raise RuntimeError("%s is %s pixels, %s is %s" % (one["input1"], sizes[0], one["input2"], sizes[1]))
    render.resolution_x, render.resolution_y = sizes[0]
    render.filepath = one["output"]
    bpy.ops.render.render(write_still=True)
    if not os.path.exists(one["output"]):
        raise RuntimeError("%s was not written" % one["output"])
    for node in inputs:
        bpy.data.images.remove(node.image)
`;
