using System.Globalization;
using System.Text;

namespace Ledger.Core.Tests.Proofs;

/// <summary>
/// Proofs of the state against a model of it: values, absence, and that no key is left out.
/// </summary>
public sealed class StateProofTests
{
    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 40)]
    [InlineData(3, 400)]
    public void Every_prefix_proves_exactly_the_keys_that_a_model_holds(int seed, int keys)
    {
        var chance = new Random(seed);
        ProofChain chain = new();
        string[] namespaces = ["docs", "docs2", NamespaceInBucketOf("docs"), "x"];
        for (var block = 0; block < 4; block++)
        {
            chain.Grow([.. Enumerable.Range(0, keys / 4 + 1)
                .Select(_ => chain.Sign(Change(chance, chain, namespaces, keys)))]);
        }

        foreach (var @namespace in namespaces)
        {
            foreach (var prefix in new[] { "", "1", "12", "3", "absent" })
            {
                var proof = chain.Prefix(@namespace, prefix);
                Assert.Null(chain.Verify(proof).Fault);
                var model = chain.Store.Range(StateKey.ForEntry(@namespace, prefix)).ToList();
                Assert.Equal(model.Select(entry => entry.Key), proof.Entries.Select(entry => entry.Key));
                Assert.Equal(model.Select(entry => entry.Value), proof.Entries.Select(entry => entry.Value));
                foreach (var hidden in Enumerable.Range(0, proof.Entries.Count))
                {
                    var less = proof with { Entries = [.. proof.Entries.Where((_, i) => i != hidden)] };
                    Assert.Contains("not all keys", chain.Verify(less).Fault, StringComparison.Ordinal);
                }
            }

            for (var key = 0; key < keys; key++)
            {
                var name = key.ToString(CultureInfo.InvariantCulture);
                var proof = chain.Key(@namespace, name);
                Assert.Null(chain.Verify(proof).Fault);
                Assert.Equal(chain.Store.ReadState(StateKey.ForEntry(@namespace, name)), proof.Value);
                AssertNothingElseIsShown(chain, proof);
            }
        }
    }

    [Fact]
    public void A_key_is_not_hidden_among_those_without_the_prefix_nor_moved_to_another_namespace()
    {
        ProofChain chain = new();
        chain.Grow(chain.Sign(
            chain.Put("docs", "a", "1"), chain.Put("docs", "ab", "2"), chain.Put("docs", "b", "3")));
        var proof = chain.Prefix("docs", "a");
        Assert.Equal((2, 1), (proof.Entries.Count, proof.Others.Count));
        var (key, value) = proof.Entries[1];
        var hidden = proof with
        {
            Entries = [proof.Entries[0]],
            Others = [(key, StateKey.ValueDigest(value)), .. proof.Others],
        };
        Assert.Contains("stands among those without", chain.Verify(hidden).Fault, StringComparison.Ordinal);
        var renamed = proof with
        {
            Entries = [proof.Entries[0]],
            Others = [(StateKey.ForEntry("docs", "zz"), StateKey.ValueDigest(value)), .. proof.Others],
        };
        Assert.NotNull(chain.Verify(renamed).Fault);
        var elsewhere = proof with { Prefix = StateKey.ForEntry("more", "a") };
        Assert.NotNull(chain.Verify(elsewhere).Fault);
        AssertFault("does not name one namespace", proof with { Prefix = "kdocs"u8.ToArray() });
        AssertFault("does not name one namespace", proof with { Prefix = [] });
        AssertFault("do not ascend", proof with { Entries = [.. proof.Entries, proof.Entries[1]] });
        AssertFault("do not ascend", proof with { Entries = [proof.Entries[1], proof.Entries[0]] });
        AssertFault("do not ascend", proof with { Others = [.. proof.Others, proof.Others[0]] });

        void AssertFault(string fault, PrefixProof forged)
            => Assert.Contains(fault, chain.Verify(forged).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_and_another_leaf_in_its_place_are_not_shown_at_once()
    {
        ProofChain chain = new();
        chain.Grow(chain.Sign(chain.Put("docs", "a", "1")));
        var proof = chain.Key("docs", "a");
        var both = proof with { Other = (StateKey.PathOf(proof.Key), StateKey.ValueDigest(proof.Value)) };

        Assert.Equal("it shows a value and another leaf in its place", chain.Verify(both).Fault);
    }

    [Fact]
    public void A_proof_of_yesterdays_state_does_not_fit_todays_header()
    {
        ProofChain chain = new();
        chain.Grow(chain.Sign(chain.Put("docs", "a", "1")));
        var yesterday = chain.Key("docs", "a");
        chain.Grow(chain.Sign(chain.Put("docs", "a", "2")));
        Assert.True(chain.Verify(yesterday).Holds);
        Assert.False(chain.Verify(yesterday with { Finality = chain.Finality(2) }).Holds);
    }

    /// <summary>
    /// Paths are part of the protocol: the first bits by namespace, the rest by the whole key.
    /// </summary>
    [Fact]
    public void The_path_of_a_key_is_part_of_the_protocol()
    {
        Assert.Equal(
            "d9c82af9842f70e209cb94c70d7e6b18de7134bf02c63f4be9b74aa1d9e0357d",
            StateKey.PathOf(StateKey.ForEntry("notes", "greeting")).ToString());
        Assert.Equal(
            "2a4ff04300865a730273f7d6895dfb568461c60ff3084ba1204d166452c90528",
            StateKey.PathOf(StateKey.ForAsset("gold")).ToString());
    }

    [Fact]
    public void A_namespaces_keys_share_their_first_bits_with_no_other_kind_of_key()
    {
        var first = StateKey.PathOf(StateKey.ForEntry("docs", "a")).ToString()[..4];
        for (var i = 0; i < 200; i++)
        {
            var name = i.ToString(CultureInfo.InvariantCulture);
            Assert.StartsWith(
                first, StateKey.PathOf(StateKey.ForEntry("docs", name)).ToString(), StringComparison.Ordinal);
            Assert.True(StateKey.PathOf(StateKey.ForEntry(name, "a")).BitAt(0));
            Assert.False(StateKey.PathOf(StateKey.ForAsset(name)).BitAt(0));
            Assert.False(StateKey.PathOf(StateKey.ForBalance(Chain.Bob.PublicKey, name)).BitAt(0));
        }
    }

    /// <summary>A value where there is none, none where there is one, or another one.</summary>
    private static void AssertNothingElseIsShown(ProofChain chain, KeyProof proof)
    {
        Assert.NotNull(chain.Verify(proof with { Value = [1, 2, 3], Other = null }).Fault);
        if (proof.Value is { } value)
        {
            Assert.NotNull(chain.Verify(proof with { Value = null }).Fault);
            Assert.NotNull(chain.Verify(
                proof with
                {
                    Value = null,
                    Other = (StateKey.PathOf(proof.Key), StateKey.ValueDigest(value))
                }).Fault);
        }
    }

    private static string NamespaceInBucketOf(string @namespace)
    {
        var wanted = StateKey.BucketOf(Encoding.UTF8.GetBytes(@namespace));
        for (var i = 0; ; i++)
        {
            var name = $"n{i}";
            if (StateKey.BucketOf(Encoding.UTF8.GetBytes(name)) == wanted)
            {
                return name;
            }
        }
    }

    private static Operation Change(Random chance, ProofChain chain, string[] namespaces, int keys)
    {
        var @namespace = namespaces[chance.Next(namespaces.Length)];
        var key = chance.Next(keys).ToString(CultureInfo.InvariantCulture);
        return chance.Next(4) == 0
            ? new Operation.Delete(@namespace, key)
            : chain.Put(@namespace, key, chance.Next().ToString(CultureInfo.InvariantCulture));
    }
}
