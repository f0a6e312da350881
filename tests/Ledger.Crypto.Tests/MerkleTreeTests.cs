namespace Ledger.Crypto.Tests;

/// <summary>RFC 6962 §2.1 against the vectors of the certificate-transparency project.</summary>
public sealed class MerkleTreeTests
{
    private static readonly string[] Leaves =
    [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void The_published_roots(int count, string root)
        => Assert.Equal(root, MerkleTree.Root(LeafHashes(count)).ToString());

    [Fact]
    public void Every_leaf_of_every_small_tree_is_proven_and_nothing_else_is()
    {
        for (var count = 1; count <= 40; count++)
        {
            Digest[] leaves = [.. Enumerable.Range(0, count).Select(i => MerkleTree.LeafHash([(byte)i]))];
            var root = MerkleTree.Root(leaves);
            for (var index = 0; index < count; index++)
            {
                var path = MerkleTree.InclusionProof(leaves, index);
                Assert.True(MerkleTree.VerifyInclusion(root, leaves[index], index, count, path));
                Assert.False(MerkleTree.VerifyInclusion(root, MerkleTree.LeafHash([99]), index, count, path));
                Assert.False(MerkleTree.VerifyInclusion(root, leaves[index], index, count, [.. path, root]));
                Assert.Equal(
                    count == 1, MerkleTree.VerifyInclusion(root, leaves[index], index, count, [.. path.Skip(1)]));
                Assert.False(MerkleTree.VerifyInclusion(root, leaves[index], count, count, path));
                if (index > 0)
                {
                    Assert.False(MerkleTree.VerifyInclusion(root, leaves[index], index - 1, count, path));
                }
            }
        }
    }

    private static Digest[] LeafHashes(int count)
        => [.. Leaves.Take(count).Select(leaf => MerkleTree.LeafHash(Convert.FromHexString(leaf)))];
}
