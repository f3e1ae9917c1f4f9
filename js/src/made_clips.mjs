// The clips that a world holds, as a tree: takes of a clip are the clips after the same one, and a branch is where one ends.

export class MadeClips {
    /** listing: what the server says of a world (nodes/host/world_routes.py); null: nothing is known of it. */
    constructor(listing) {
        const { world = null, branches = {}, chain = [], clips = [], paths = {}, nodes = {}, auto = {} } = listing ?? {};
        this.world = world;
        this.branches = new Map(Object.entries(branches)); // name -> id of its last clip
        this.byId = new Map(clips.map((clip) => [clip.id, clip]));
        this.paths = paths;
        this.nodes = nodes; // by digest, what clips were made of
        this.auto = auto; // what widgets on auto are in this world
        this.chain = chain.map((id) => this.byId.get(id));
        this.after = new Map(); // id of a clip -> those that begin where it ends
        for (const clip of clips) this.after.set(clip.parent, [...(this.after.get(clip.parent) ?? []), clip]);
    }

    /** The clips that begin where this one ends. */
    following(clip) {
        return (clip && this.after.get(clip.id)) ?? [];
    }

    /** All takes of a clip, itself included. */
    takesOf(clip) {
        return clip.parent === null ? [clip] : this.after.get(clip.parent);
    }

    /** The clips from the image to this one. */
    leadingTo(clip) {
        const found = [];
        for (let one = clip; one; one = this.byId.get(one.parent)) found.unshift(one);
        return found;
    }

    /** The clips of a branch, the image first. */
    branch(name) {
        return this.leadingTo(this.byId.get(this.branches.get(name)));
    }

    /** Widgets of Camera Path that a clip was made along, by name; null where something else gave its cameras. */
    pathOf(clip) {
        return this.paths[clip.path] ?? null;
    }
}
