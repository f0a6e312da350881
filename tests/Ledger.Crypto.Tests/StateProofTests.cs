namespace Ledger.Crypto.Tests;

/// <summary>
/// What a state proof shows, it shows for one key and one value under one root, and no liar can bend it.
/// </summary>
public sealed class StateProofTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 25)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_tree_and_a_table_agree_on_what_is_there_and_what_is_not(int seed)
    {
        Random chance = new(seed);
        Dictionary<Digest, Digest> model = [];
        var tree = StateTree.Empty(NoStore.Instance);
        for (var round = 0; round < 8; round++)
        {
            var changes = Changes(chance, model);
            tree = tree.Update(changes);
            foreach (var change in changes)
            {
                Assert.True(tree.Prove(change.Path).Verify(tree.Root, change.Path, change.Value));
            }
        }

        foreach (var (path, value) in model)
        {
            var proof = tree.Prove(path);
            Assert.True(proof.Verify(tree.Root, path, value));
            Assert.False(proof.Verify(tree.Root, path, null));
            Assert.False(proof.Verify(tree.Root, path, Near(value, chance.Next(256))));
        }

        for (var i = 0; i < 50; i++)
        {
            var absent = NearSomething(chance, model);
            Assert.True(tree.Prove(absent).Verify(tree.Root, absent, null));
            Assert.False(tree.Prove(absent).Verify(tree.Root, absent, Digest.Zero));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_order_and_the_grouping_of_changes_do_not_matter(int seed)
    {
        Random chance = new(seed);
        StateChange[] leaves = [.. Enumerable.Range(0, chance.Next(1, 60))
            .Select(_ => new StateChange(Clustered(chance), Any(chance))).DistinctBy(change => change.Path)];
        var together = StateTree.Empty(NoStore.Instance).Update(leaves);
        chance.Shuffle(leaves);
        var oneByOne = leaves.Aggregate(
            StateTree.Empty(NoStore.Instance), (tree, change) => tree.Update([change]));

        Assert.Equal(together.Root, oneByOne.Root);
        Assert.Equal(
            Digest.Zero, together.Update([.. leaves.Select(leaf => leaf with { Value = null })]).Root);
    }

    /// <summary>Roots that no tree has: whoever signs one must not be able to hide a key under it.</summary>
    [Fact]
    public void A_leaf_that_is_off_the_way_shows_nothing_under_any_root()
    {
        Digest path = default;
        var (other, value, beside) = (Near(path, 0), Sha256.Hash("value"u8), Sha256.Hash("beside"u8));
        var leaf = Sha256.Hash([0, .. other.ToArray(), .. value.ToArray()]);
        var root = Sha256.Hash([1, .. leaf.ToArray(), .. beside.ToArray()]);

        Assert.False(new StateProof((other, value), [beside]).Verify(root, path, null));
        Assert.False(new StateRangeProof([beside], [(other, value)]).Verify(root, path, 4));
    }

    [Fact]
    public void A_range_is_shown_by_a_subtree_that_holds_all_of_it()
    {
        Digest path = default;
        StateChange[] leaves = [new(path, path), new(Near(path, 9), path), new(Near(path, 0), path)];
        var tree = StateTree.Empty(NoStore.Instance).Update(leaves);

        var narrow = tree.ProveRange(path, nibbles: 3, limit: 3)!;
        Assert.Single(narrow.Leaves);
        Assert.True(narrow.Verify(tree.Root, path, 12));
        Assert.False(narrow.Verify(tree.Root, path, 8));

        var wide = tree.ProveRange(path, nibbles: 2, limit: 3)!;
        Assert.True(wide.Verify(tree.Root, path, 8));
        var doubled = wide with { Leaves = [wide.Leaves[0], .. wide.Leaves] };
        Assert.False(doubled.Verify(tree.Root, path, 8));
        var turned = wide with { Leaves = [.. wide.Leaves.Reverse()] };
        Assert.False(turned.Verify(tree.Root, path, 8));
    }

    [Fact]
    public void A_way_longer_than_a_path_leads_nowhere()
    {
        Digest path = default;
        var siblings = new Digest[(8 * Digest.Size) + 1];

        Assert.False(new StateProof(null, siblings).Verify(Digest.Zero, path, null));
        Assert.False(new StateRangeProof(siblings, []).Verify(Digest.Zero, path, 8 * Digest.Size));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_proof_with_any_byte_changed_shows_nothing(int seed)
    {
        Random chance = new(seed);
        Dictionary<Digest, Digest> model = [];
        var tree = StateTree.Empty(NoStore.Instance).Update(Changes(chance, model));
        var present = model.Keys.Order().First();
        var absent = NearSomething(chance, model);
        var nothing = StateTree.Empty(NoStore.Instance).Update([new(present, model[present])]);

        AssertNoByteMayChange(tree, present, model[present]);
        AssertNoByteMayChange(tree, absent, null);
        AssertNoByteMayChange(nothing, present, model[present]);
    }

    /// <summary>The lie to fear: a key that is there, shown as absent by another key's place.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_keys_proof_shows_anything_of_another_key_that_is_there(int seed)
    {
        Random chance = new(seed);
        Dictionary<Digest, Digest> model = [];
        var tree = StateTree.Empty(NoStore.Instance).Update(Changes(chance, model));
        Digest[] paths = [.. model.Keys.Order()];
        foreach (var asked in paths)
        {
            foreach (var shown in paths.Where(path => path != asked))
            {
                var proof = tree.Prove(shown);
                Assert.False(proof.Verify(tree.Root, asked, null));
                Assert.False(proof.Verify(tree.Root, asked, model[asked]));
                Assert.False((proof with { Leaf = null }).Verify(tree.Root, asked, null));
            }
        }
    }

    [Fact]
    public void Nothing_is_shown_present_in_an_empty_tree_and_everything_absent()
    {
        var tree = StateTree.Empty(NoStore.Instance);
        var path = Sha256.Hash("a"u8);
        var proof = tree.Prove(path);

        Assert.Equal(Digest.Zero, tree.Root);
        Assert.Empty(proof.Siblings);
        Assert.True(proof.Verify(Digest.Zero, path, null));
        Assert.False(proof.Verify(Digest.Zero, path, Digest.Zero));
        Assert.False(proof.Verify(path, path, null));
    }

    [Fact]
    public void A_proof_deeper_than_the_tree_can_be_is_refused()
    {
        var path = Sha256.Hash("a"u8);

        Assert.False(new StateProof(null, new Digest[257]).Verify(path, path, null));
        Assert.False(new StateProof((path, path), new Digest[100_000]).Verify(path, path, path));
    }

    /// <summary>Two keys that differ in the last bit alone make the deepest tree there is.</summary>
    [Fact]
    public void Keys_that_part_at_the_last_bit_are_told_apart()
    {
        var left = Near(Sha256.Hash("a"u8), 255);
        var right = Near(left, 255);
        var tree = StateTree.Empty(NoStore.Instance).Update([new(left, left), new(right, right)]);

        Assert.Equal(256, tree.Prove(left).Siblings.Count);
        AssertNoByteMayChange(tree, left, left);
        Assert.False(tree.Prove(left).Verify(tree.Root, right, null));
    }

    private static void AssertNoByteMayChange(StateTree tree, Digest path, Digest? value)
    {
        var proof = tree.Prove(path);
        Assert.True(proof.Verify(tree.Root, path, value));
        for (var bit = 0; bit < 256; bit += 8)
        {
            Assert.False(proof.Verify(Near(tree.Root, bit), path, value));
            if (proof.Leaf is { } leaf)
            {
                Assert.False(
                    (proof with { Leaf = (Near(leaf.Path, bit), leaf.Value) })
                        .Verify(tree.Root, path, value));
                Assert.False(
                    (proof with { Leaf = (leaf.Path, Near(leaf.Value, bit)) })
                        .Verify(tree.Root, path, value));
            }

            for (var i = 0; i < proof.Siblings.Count; i++)
            {
                Digest[] changed = [.. proof.Siblings];
                changed[i] = Near(changed[i], bit + (i % 8));
                Assert.False((proof with { Siblings = changed }).Verify(tree.Root, path, value));
            }
        }
    }

    /// <summary>
    /// Puts and removals, a few of each, on paths that lie close together; the table follows.
    /// </summary>
    private static StateChange[] Changes(Random chance, Dictionary<Digest, Digest> model)
    {
        Dictionary<Digest, StateChange> changes = [];
        for (var i = chance.Next(2, 30); i > 0; i--)
        {
            var path = chance.Next(4) == 0 && model.Count > 0 ? model.Keys.ElementAt(chance.Next(model.Count))
                : Clustered(chance);
            changes[path] = new(path, chance.Next(3) == 0 && changes.Count > 2 ? null : Any(chance));
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

        return [.. changes.Values];
    }

    private static Digest NearSomething(Random chance, Dictionary<Digest, Digest> model)
    {
        var path = Clustered(chance);
        while (model.ContainsKey(path))
        {
            path = Near(path, chance.Next(256));
        }

        return path;
    }

    /// <summary>
    /// A path that shares a long beginning with many others: hashes alone would never make a deep tree.
    /// </summary>
    private static Digest Clustered(Random chance)
    {
        var path = Sha256.Hash("cluster"u8);
        for (var flips = chance.Next(1, 4); flips > 0; flips--)
        {
            path = Near(path, chance.Next(2) == 0 ? chance.Next(256) : chance.Next(12));
        }

        return path;
    }

    private static Digest Near(Digest digest, int bit)
    {
        var bytes = digest.ToArray();
        bytes[bit / 8] ^= (byte)(0x80 >> (bit % 8));
        return new(bytes);
    }

    private static Digest Any(Random chance)
    {
        var bytes = new byte[Digest.Size];
        chance.NextBytes(bytes);
        return new(bytes);
    }

    /// <summary>These trees stay in memory: whoever reads from disk has lost a page.</summary>
    private sealed class NoStore : IStatePageStore
    {
        public static NoStore Instance { get; } = new();

        public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
        {
            page = [];
            return false;
        }
    }
}
