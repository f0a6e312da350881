namespace Ledger.Crypto.Tests;

public sealed class StateTreeTests
{
    [Theory]
    [InlineData(1, 20, 40)]
    [InlineData(2, 300, 30)]
    [InlineData(3, 5000, 6)]
    public void The_root_depends_on_the_set_of_leaves_alone_as_the_definition_says(
        int seed, int keys, int rounds)
    {
        var chance = new Random(seed);
        var store = new PageStore();
        var tree = StateTree.Empty(store);
        var model = new SortedDictionary<Digest, Digest>();
        for (var round = 0; round < rounds; round++)
        {
            var changes = new Dictionary<Digest, StateChange>();
            for (var i = 0; i < keys / 3; i++)
            {
                var path = PathOf(chance.Next(keys));
                changes[path] = new(path, chance.Next(3) == 0 ? null : ValueOf(chance.Next()));
            }

            foreach (var change in changes.Values)
            {
                if (change.Value is { } value)
                {
                    model[change.Path] = value;
                }
                else
                {
                    model.Remove(change.Path);
                }
            }

            tree = tree.Update([.. changes.Values]);
            Assert.Equal(Define([.. model], 0), tree.Root);
            if (round % 2 == 0)
            {
                store.Write(tree.PageWrites());
                tree.Unload();
                tree = StateTree.Open(store, tree.Root);
            }
            else
            {
                store.Pending.AddRange(tree.PageWrites());
            }

            AssertProofs(tree, model, chance, keys);
        }

        tree = tree.Update([.. model.Keys.Select(path => new StateChange(path, null))]);
        Assert.Equal(Digest.Zero, tree.Root);
    }

    [Fact]
    public void An_emptied_tree_leaves_no_page_but_the_root()
    {
        var store = new PageStore();
        var tree = StateTree.Empty(store).Update(
            [.. Enumerable.Range(0, 500).Select(i => new StateChange(PathOf(i), ValueOf(i)))]);
        store.Write(tree.PageWrites());
        tree.Unload();
        tree = tree.Update([.. Enumerable.Range(0, 500).Select(i => new StateChange(PathOf(i), null))]);
        store.Write(tree.PageWrites());
        Assert.Single(store.Pages);
    }

    [Fact]
    public void Deep_pages_changed_lately_are_not_read_again_and_none_is_taken_for_its_earlier_self()
    {
        var chance = new Random(4);
        var store = new PageStore();
        var tree = StateTree.Empty(store);
        var model = new SortedDictionary<Digest, Digest>();
        var (readWith, readWithout) = (0, 0);
        for (var round = 0; round < 60; round++)
        {
            var changes = Enumerable.Range(0, 20).Select(_ => DeepPath(chance)).Distinct()
                .Select(path => new StateChange(path, ValueOf(chance.Next()))).ToArray();
            var opened = StateTree.Open(store, tree.Root);
            readWithout += store.ReadsOf(() => opened.Update(changes));
            readWith += store.ReadsOf(() => tree = tree.Update(changes));
            foreach (var change in changes)
            {
                model[change.Path] = change.Value!.Value;
            }

            Assert.Equal(Define([.. model], 0), tree.Root);
            store.Write(tree.PageWrites());
            tree.Unload();
        }

        Assert.InRange(readWith, 0, readWithout / 10);
    }

    [Fact]
    public void A_damaged_page_is_named_and_never_used()
    {
        var store = new PageStore();
        var tree = StateTree.Empty(store).Update(
            [.. Enumerable.Range(0, 500).Select(i => new StateChange(PathOf(i), ValueOf(i)))]);
        store.Write(tree.PageWrites());
        foreach (var key in store.Pages.Keys.ToArray())
        {
            store.Pages[key][^1] ^= 1;
        }

        var failure = Assert.Throws<InvalidDataException>(() => StateTree.Open(store, tree.Root));
        Assert.Contains("damaged", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_proof_with_any_bit_flipped_is_refused()
    {
        var tree = StateTree.Empty(new PageStore())
            .Update([.. Enumerable.Range(0, 100).Select(i => new StateChange(PathOf(i), ValueOf(i)))]);
        var proof = tree.Prove(PathOf(7));
        Assert.True(proof.Verify(tree.Root, PathOf(7), ValueOf(7)));
        Assert.False(proof.Verify(tree.Root, PathOf(7), ValueOf(8)));
        Assert.False(proof.Verify(tree.Root, PathOf(7), null));
        Assert.False(proof.Verify(tree.Root, PathOf(8), ValueOf(7)));
        for (var i = 0; i < proof.Siblings.Count; i++)
        {
            var siblings = proof.Siblings.ToArray();
            var bytes = siblings[i].ToArray();
            bytes[i % Digest.Size] ^= 1;
            siblings[i] = new(bytes);
            Assert.False((proof with { Siblings = siblings }).Verify(tree.Root, PathOf(7), ValueOf(7)));
        }

        Assert.False(
            (proof with { Siblings = [.. proof.Siblings.Skip(1)] }).Verify(tree.Root, PathOf(7), ValueOf(7)));
        Assert.False((proof with { Siblings = [.. proof.Siblings, Digest.Zero] }).Verify(
            tree.Root, PathOf(7), ValueOf(7)));
    }

    private static void AssertProofs(
        StateTree tree, SortedDictionary<Digest, Digest> model, Random chance, int keys)
    {
        for (var i = 0; i < 20; i++)
        {
            var path = PathOf(chance.Next(2 * keys));
            Digest? value = model.TryGetValue(path, out var held) ? held : null;
            var proof = tree.Prove(path);
            Assert.True(proof.Verify(tree.Root, path, value));
            Assert.False(proof.Verify(tree.Root, path, value is null ? ValueOf(1) : null));
        }
    }

    /// <summary>The definition, word for word, over a sorted list of leaves.</summary>
    private static Digest Define(KeyValuePair<Digest, Digest>[] leaves, int depth) => leaves.Length switch
    {
        0 => Digest.Zero,
        1 => Sha256.Hash([0], [.. leaves[0].Key.ToArray(), .. leaves[0].Value.ToArray()]),
        _ => Sha256.Hash(
            [1],
            [
                .. Define([.. leaves.Where(leaf => !leaf.Key.BitAt(depth))], depth + 1).ToArray(),
                .. Define([.. leaves.Where(leaf => leaf.Key.BitAt(depth))], depth + 1).ToArray(),
            ]),
    };

    private static Digest PathOf(int key) => Sha256.Hash(BitConverter.GetBytes(key));

    private static Digest ValueOf(int value) => Sha256.Hash("value"u8, BitConverter.GetBytes(value));

    /// <summary>Crowded on one side, so that the tree is deep there with few leaves.</summary>
    private static Digest DeepPath(Random chance)
    {
        var path = PathOf(chance.Next(200));
        for (var nibble = 0; nibble < 12; nibble++)
        {
            path = chance.Next(4) == 0 ? path : path.WithNibble(nibble, 0);
        }

        return path;
    }

    private sealed class PageStore : IStatePageStore
    {
        public Dictionary<string, byte[]> Pages { get; } = [];

        public List<PageWrite> Pending { get; } = [];

        private int _reads;

        public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
        {
            _reads++;
            return Pages.TryGetValue(Convert.ToHexString(pageKey), out page!);
        }

        public int ReadsOf(Action work)
        {
            var before = _reads;
            work();
            return _reads - before;
        }

        public void Write(IEnumerable<PageWrite> writes)
        {
            foreach (var write in Pending.Concat(writes))
            {
                if (write.Bytes is null)
                {
                    Pages.Remove(Convert.ToHexString(write.Key));
                }
                else
                {
                    Pages[Convert.ToHexString(write.Key)] = write.Bytes;
                }
            }

            Pending.Clear();
        }
    }
}
