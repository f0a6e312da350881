namespace Ledger.Crypto.Tests;

/// <summary>A tree put together from parts is, page by page, the one that was built as a whole.</summary>
public sealed class StateSubtreeTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(3_000)]
    public void Parts_join_to_the_tree_that_was_built_as_a_whole(int leaves)
    {
        Random chance = new(leaves);
        for (var round = 0; round < 20; round++)
        {
            // Paths that share many bits make long ways with a single child.
            var shared = round % 4;
            StateChange[] all =
                [.. Enumerable.Range(0, leaves).Select(i => new StateChange(PathOf(i, shared), ValueOf(i)))];
            var whole = StateTree.Empty(new Nothing()).Update(all);
            List<(int, byte[])> parts = [];
            List<PageWrite> pages = [];
            Cut(default, 0, round % 6, all, chance, parts, pages);

            var (root, above) = StateSubtree.Join(parts);

            Assert.Equal(whole.Root, root);
            if (leaves > 0)
            {
                Assert.Equal(Sorted(whole.PageWrites()), Sorted([.. pages, .. above]));
            }
        }
    }

    [Fact]
    public void Parts_that_do_not_cover_a_tree_are_refused()
    {
        var leaf = StateSubtree.Of(1, [new(PathOf(1, 0), ValueOf(1))]).Encode();
        List<(int, byte[])> sixteen = [.. Enumerable.Repeat((1, leaf), 16)];

        Assert.Throws<InvalidDataException>(() => StateSubtree.Join([]));
        Assert.Throws<InvalidDataException>(() => StateSubtree.Join([.. sixteen.Skip(1)]));
        Assert.Throws<InvalidDataException>(() => StateSubtree.Join([.. sixteen, (1, leaf)]));
        Assert.Throws<InvalidDataException>(() => StateSubtree.Join([.. sixteen.Take(15), (0, leaf)]));
        Assert.Throws<InvalidDataException>(() => StateSubtree.Join([.. sixteen.Take(15), (1, leaf[1..])]));
        Assert.Throws<InvalidDataException>(() => StateSubtree.Join([.. sixteen.Take(15), (1, [1])]));
    }

    private static void Cut(
        Digest prefix, int nibbles, int deepest, StateChange[] leaves, Random chance,
        List<(int, byte[])> parts, List<PageWrite> pages)
    {
        if (nibbles >= deepest || chance.Next(nibbles + 1) != 0)
        {
            var part = StateSubtree.Of(nibbles, leaves);
            parts.Add((nibbles, part.Encode()));
            pages.AddRange(part.Pages);
            return;
        }

        for (var nibble = 0; nibble < 16; nibble++)
        {
            Cut(
                prefix.WithNibble(nibbles, nibble), nibbles + 1, deepest,
                [.. leaves.Where(leaf => leaf.Path.NibbleAt(nibbles) == nibble)], chance, parts,
                pages);
        }
    }

    private static string[] Sorted(IEnumerable<PageWrite> pages)
        =>
        [
            .. pages.Select(page => $"{Convert.ToHexString(page.Key)} {Convert.ToHexString(page.Bytes!)}")
                .Order(),
        ];

    private static Digest PathOf(int number, int sharedNibbles)
    {
        var path = Sha256.Hash(BitConverter.GetBytes(number));
        for (var i = 0; i < sharedNibbles; i++)
        {
            path = path.WithNibble(i, 7);
        }

        return path;
    }

    private static Digest ValueOf(int number) => Sha256.Hash([1, .. BitConverter.GetBytes(number)]);

    private sealed class Nothing : IStatePageStore
    {
        public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
        {
            page = [];
            return false;
        }
    }
}
