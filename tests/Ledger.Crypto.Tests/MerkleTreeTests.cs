namespace Ledger.Crypto.Tests;

public class MerkleTreeTests
{
    /// <summary>The leaves and roots of the certificate-transparency reference tests.</summary>
    private static readonly string[] Leaves =
    [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ];

    private static readonly string[] Roots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void Roots_are_the_published_ones()
    {
        var leaves = PublishedLeaves();
        for (var count = 0; count <= leaves.Length; count++)
        {
            Assert.Equal(Roots[count], MerkleTree.Root(leaves.AsSpan(0, count)).ToString());
        }
    }

    [Fact]
    public void An_inclusion_proof_is_the_published_one()
    {
        string[] expected =
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];

        Assert.Equal(
            expected, MerkleTree.InclusionProof(PublishedLeaves(), 5).Select(digest => digest.ToString()));
    }

    [Fact]
    public void A_consistency_proof_is_the_published_one()
    {
        string[] expected =
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];

        Assert.Equal(
            expected, MerkleTree.ConsistencyProof(PublishedLeaves(), 6).Select(digest => digest.ToString()));
    }

    [Fact]
    public void A_root_is_what_pairing_level_by_level_gives()
    {
        for (var count = 1; count < 70; count++)
        {
            Assert.Equal(RootByLevels(LeavesOf(count)), MerkleTree.Root(LeavesOf(count)));
        }
    }

    [Fact]
    public void Every_leaf_of_every_small_list_has_a_proof_that_holds_only_for_it()
    {
        for (var count = 1; count < 34; count++)
        {
            var leaves = LeavesOf(count);
            var root = MerkleTree.Root(leaves);
            for (var index = 0; index < count; index++)
            {
                var path = MerkleTree.InclusionProof(leaves, index);

                for (var claimed = -1; claimed <= count; claimed++)
                {
                    Assert.Equal(
                        claimed == index,
                        MerkleTree.VerifyInclusion(root, leaves[index], claimed, count, path));
                }

                Assert.False(
                    MerkleTree.VerifyInclusion(root, MerkleTree.LeafHash("other"u8), index, count, path));
                Assert.False(MerkleTree.VerifyInclusion(root, leaves[index], index, count, [.. path, root]));
                AssertEveryDigestCounts(
                    path, p => MerkleTree.VerifyInclusion(root, leaves[index], index, count, p));
            }
        }
    }

    [Fact]
    public void Every_small_list_is_shown_to_begin_with_each_of_its_beginnings()
    {
        for (var count = 0; count < 34; count++)
        {
            var leaves = LeavesOf(count);
            var root = MerkleTree.Root(leaves);
            for (var old = 0; old <= count; old++)
            {
                var oldRoot = MerkleTree.Root(leaves.AsSpan(0, old));
                var path = MerkleTree.ConsistencyProof(leaves, old);

                Assert.True(MerkleTree.VerifyConsistency(oldRoot, old, root, count, path));
                Assert.False(MerkleTree.VerifyConsistency(Digest.Zero, old, root, count, path));
                Assert.False(MerkleTree.VerifyConsistency(oldRoot, old, root, count, [.. path, root]));
                if (old > 0)
                {
                    Assert.False(MerkleTree.VerifyConsistency(oldRoot, old, Digest.Zero, count, path));
                    AssertEveryDigestCounts(
                        path, p => MerkleTree.VerifyConsistency(oldRoot, old, root, count, p));
                }
            }
        }
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(6, 5)]
    public void A_consistency_claim_about_impossible_counts_is_false(long oldCount, long newCount)
    {
        var root = MerkleTree.Root(LeavesOf(5));

        Assert.False(MerkleTree.VerifyConsistency(root, oldCount, root, newCount, []));
    }

    [Fact]
    public void A_proof_for_a_leaf_that_is_not_there_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleTree.InclusionProof(LeavesOf(3), 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleTree.InclusionProof(LeavesOf(3), -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleTree.ConsistencyProof(LeavesOf(3), 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleTree.ConsistencyProof(LeavesOf(3), -1));
    }

    [Fact]
    public void A_node_cannot_pass_for_a_leaf()
    {
        var leaves = LeavesOf(2);
        byte[] node = [.. leaves[0].ToArray(), .. leaves[1].ToArray()];

        Assert.NotEqual(MerkleTree.Root(leaves), MerkleTree.LeafHash(node));
    }

    private static void AssertEveryDigestCounts(Digest[] path, Func<Digest[], bool> verify)
    {
        Assert.True(verify(path));
        for (var i = 0; i < path.Length; i++)
        {
            Digest[] changed = [.. path];
            changed[i] = Sha256.Hash(path[i].ToArray());
            Assert.False(verify(changed));
            Assert.False(verify([.. path[..i], .. path[(i + 1)..]]));
        }
    }

    /// <summary>
    /// The same tree from below: pairs are joined level by level and a last odd one rises as it is.
    /// </summary>
    private static Digest RootByLevels(Digest[] level)
    {
        while (level.Length > 1)
        {
            level = [.. level.Chunk(2).Select(pair => pair.Length == 1
                ? pair[0]
                : Sha256.Hash([1, .. pair[0].ToArray(), .. pair[1].ToArray()]))];
        }

        return level[0];
    }

    private static Digest[] PublishedLeaves()
        => [.. Leaves.Select(leaf => MerkleTree.LeafHash(Convert.FromHexString(leaf)))];

    private static Digest[] LeavesOf(int count)
        => [.. Enumerable.Range(0, count).Select(i => MerkleTree.LeafHash([(byte)i, (byte)(i >> 8)]))];
}
