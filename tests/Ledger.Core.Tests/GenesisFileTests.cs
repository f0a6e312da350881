using System.Text.Json.Nodes;
using Ledger.Crypto;
using static Ledger.Core.Tests.Chain;

namespace Ledger.Core.Tests;

/// <summary>The genesis file: strict, every fault at once, and everything in the hash.</summary>
public sealed class GenesisFileTests
{
    private static readonly string Good = GenesisFile.Write(new Chain().Genesis);

    [Fact]
    public void A_genesis_reads_back_from_its_file_with_the_same_hash_and_block()
    {
        var genesis = new Chain(new GenesisRole(Alice.PublicKey, Role.Reader, "docs")).Genesis;
        var read = GenesisFile.Parse(GenesisFile.Write(genesis));
        Assert.Equal(genesis.Hash, read.Hash);
        Assert.Equal(genesis.Block.Hash, read.Block.Hash);
        Assert.Equal(GenesisFile.Write(genesis), GenesisFile.Write(read));
    }

    [Theory]
    [InlineData("chainId", "\"Upper\"", "chainId: 1 to 64")]
    [InlineData("chainId", "\"\"", "chainId: 1 to 64")]
    [InlineData("chainId", "7", "chainId: 1 to 64")]
    [InlineData("mode", "\"paxos\"", "mode: 'pbft' or 'raft'")]
    [InlineData("mode", "\"Pbft\"", "mode: 'pbft' or 'raft'")]
    [InlineData("time", "-1", "time: milliseconds")]
    [InlineData("time", "1.5", "time: milliseconds")]
    [InlineData("time", "\"1\"", "time: milliseconds")]
    [InlineData("time", "253402300800000", "time: milliseconds")]
    [InlineData("validators", "[]", "validators: 1 to 1024")]
    [InlineData("validators", "null", "validators: 1 to 1024")]
    [InlineData("validators", "[null]", "validators[0]: an object")]
    [InlineData(
        "validators", "[{\"name\":\"a\",\"publicKey\":\"zz\"}]", "validators[0].publicKey: 64 hexadecimal")]
    [InlineData(
        "validators", "[{\"name\":\"a\\u0007\",\"publicKey\":\"zz\"}]", "validators[0].name: 1 to 64")]
    [InlineData("validators", "[{\"publicKey\":\"zz\"}]", "validators[0].name: 1 to 64")]
    [InlineData("validators", "[{\"weight\":1}]", "validators[0].weight: not a known key")]
    [InlineData("roles", "[]", "roles: nobody is admin")]
    [InlineData("roles", "{}", "roles: a list of roles")]
    [InlineData("roles", "[{\"role\":\"king\"}]", "roles[0].role: admin, issuer")]
    [InlineData("roles", "[{\"role\":\"1\"}]", "roles[0].role: admin, issuer")]
    [InlineData(
        "roles", "[{\"role\":\"admin\",\"namespace\":\"docs\"}]", "roles[0].namespace: a name or '*'")]
    [InlineData("roles", "[{\"role\":\"writer\"}]", "roles[0].namespace: a name or '*'")]
    [InlineData("roles", "[{\"role\":\"writer\",\"namespace\":\"A\"}]", "roles[0].namespace: a name or '*'")]
    [InlineData("evidence", "\"forgive\"", "evidence: 'record' or 'suspend'")]
    [InlineData("evidence", "\"Suspend\"", "evidence: 'record' or 'suspend'")]
    [InlineData("evidence", "\"\"", "evidence: 'record' or 'suspend'")]
    [InlineData("evidence", "null", "evidence: 'record' or 'suspend'")]
    [InlineData("evidence", "true", "evidence: 'record' or 'suspend'")]
    [InlineData("colour", "1", "colour: not a known key")]
    public void A_bad_value_is_named_by_its_path(string key, string value, string fault)
    {
        var file = JsonNode.Parse(Good)!;
        file[key] = JsonNode.Parse(value);
        Assert.Contains(
            FaultsIn(file.ToJsonString()), found => found.StartsWith(fault, StringComparison.Ordinal));
    }

    [Fact]
    public void The_policy_for_evidence_is_part_of_the_chain_and_reads_back()
    {
        var genesis = new Chain(EvidencePolicy.Suspend, validators: 2).Genesis;
        var text = GenesisFile.Write(genesis);
        Assert.Contains("\"evidence\": \"suspend\"", text, StringComparison.Ordinal);
        var read = GenesisFile.Parse(text);
        Assert.Equal((EvidencePolicy.Suspend, genesis.Hash), (read.Evidence, read.Hash));
        Assert.NotEqual(new Chain().Genesis.Hash, genesis.Hash);
    }

    [Fact]
    public void A_file_from_before_there_was_a_policy_keeps_its_text_and_its_hash()
    {
        var read = GenesisFile.Parse(Good);
        Assert.DoesNotContain("evidence", Good, StringComparison.Ordinal);
        Assert.Equal(EvidencePolicy.Record, read.Evidence);
        Assert.Equal(Good, GenesisFile.Write(read));
        Assert.Equal(
            "f48e4fb43d956138c443f6701f0e61d7cb3700152b418db84c5b04632b0e6200", read.Hash.ToString());

        var said = JsonNode.Parse(Good)!;
        said["evidence"] = "record";
        Assert.Equal(read.Hash, GenesisFile.Parse(said.ToJsonString()).Hash);
    }

    [Fact]
    public void Witnesses_are_part_of_the_chain_and_read_back()
    {
        var all = JsonNode.Parse(Good)!;
        all["mode"] = "raft";
        var without = GenesisFile.Parse(all.ToJsonString());
        all["validators"]![1]!["witness"] = true;
        var genesis = GenesisFile.Parse(all.ToJsonString());
        Assert.Equal([false, true], genesis.Validators.Members.Take(2).Select(member => member.IsWitness));
        Assert.NotEqual(without.Hash, genesis.Hash);
        Assert.Equal(genesis.Hash, GenesisFile.Parse(GenesisFile.Write(genesis)).Hash);

        // Who counts as which is the only difference: what is signed by whom is checked alike.
        Assert.Equal(without.Validators.Hash, genesis.Validators.Hash);
        (all["validators"]![0]!["witness"], all["validators"]![1]!["witness"]) = (true, false);
        Assert.NotEqual(genesis.Hash, GenesisFile.Parse(all.ToJsonString()).Hash);

        all["validators"]![0]!["witness"] = false;
        Assert.Equal(without.Hash, GenesisFile.Parse(all.ToJsonString()).Hash);
        Assert.DoesNotContain("witness", GenesisFile.Write(without), StringComparison.Ordinal);
    }

    [Fact]
    public void Witnesses_are_refused_in_pbft_and_where_nobody_else_is_and_when_they_are_no_flag()
    {
        var file = JsonNode.Parse(Good)!;
        file["validators"]![0]!["witness"] = true;
        Assert.Equal(
            ["validators[0].witness: not in mode 'pbft', where who votes must have executed the block"],
            FaultsIn(file.ToJsonString()));
        file["mode"] = "raft";
        foreach (var validator in file["validators"]!.AsArray())
        {
            validator!["witness"] = true;
        }

        Assert.Equal(["validators: all are witnesses, and one at least must keep blocks"], FaultsIn(
            file.ToJsonString()));
        file["validators"]![0]!["witness"] = "no";
        Assert.Equal(["validators[0].witness: true or false"], FaultsIn(file.ToJsonString()));
    }

    [Fact]
    public void In_raft_there_is_nobody_to_suspend()
    {
        var file = JsonNode.Parse(Good)!;
        (file["mode"], file["evidence"]) = ("raft", "suspend");
        Assert.Equal(
            ["evidence: 'record' in mode 'raft', whose validators are trusted not to lie"], FaultsIn(
                file.ToJsonString()));
    }

    [Theory]
    [InlineData("chainId")]
    [InlineData("mode")]
    [InlineData("time")]
    [InlineData("validators")]
    [InlineData("roles")]
    public void A_missing_key_is_a_fault(string key)
    {
        var file = JsonNode.Parse(Good)!.AsObject();
        file.Remove(key);
        Assert.Contains(
            FaultsIn(file.ToJsonString()), found => found.StartsWith(key + ":", StringComparison.Ordinal));
    }

    [Fact]
    public void A_key_that_stands_twice_is_a_fault()
    {
        var twice = Good.Insert(Good.IndexOf('{', StringComparison.Ordinal) + 1, "\"mode\": \"raft\",");
        Assert.Equal(["mode: the key stands twice"], FaultsIn(twice));
    }

    [Fact]
    public void Two_validators_share_neither_name_nor_key_and_no_role_stands_twice()
    {
        var file = JsonNode.Parse(Good)!;
        file["validators"]!.AsArray().Add(file["validators"]![0]!.DeepClone());
        file["roles"]!.AsArray().Add(file["roles"]![2]!.DeepClone());
        Assert.Equal(
            [
                "validators[2].name: another validator has this name",
                "validators[2].publicKey: another validator has this key",
                "roles[3]: the account has this role already",
            ],
            FaultsIn(file.ToJsonString()));
    }

    [Fact]
    public void A_key_that_nobody_can_sign_under_is_no_validators()
    {
        var file = JsonNode.Parse(Good)!;
        file["validators"]![1]!["publicKey"] = new string('0', 64);
        var fault = Assert.Single(FaultsIn(file.ToJsonString()));
        Assert.StartsWith("validators[1].publicKey: ", fault, StringComparison.Ordinal);
        Assert.Contains("nobody can sign", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chain_has_at_most_1024_validators()
    {
        string With(int count)
        {
            var file = JsonNode.Parse(Good)!;
            file["validators"] = new JsonArray([.. Enumerable.Range(0, count).Select(i => new JsonObject
            {
                ["name"] = $"v{i}",
                ["publicKey"] = $"{i:x4}".PadRight(64, '2'),
            })]);
            return file.ToJsonString();
        }

        Assert.Equal(1024, GenesisFile.Parse(With(1024)).Validators.Count);
        Assert.Equal(["validators: 1 to 1024"], FaultsIn(With(1025)));
    }

    [Fact]
    public void Every_fault_is_listed_at_once()
    {
        var faults = FaultsIn(
            """
            {"chainId":"Bad Chain","mode":"paxos","validators":[{"name":"","publicKey":"zz"}],
             "roles":[{"account":"00","role":"king"}],"colour":1}
            """);
        Assert.Equal(
            ["colour", "chainId", "mode", "time", "validators[0].name", "validators[0].publicKey",
                "roles[0].account",
                "roles[0].role", "roles"],
            faults.Select(fault => fault[..fault.IndexOf(':', StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{} {}")]
    [InlineData("""{"chainId":"\ud800"}""")]
    public void What_is_no_genesis_at_all_is_refused_in_words(string json) => Assert.NotEmpty(FaultsIn(json));

    [Fact]
    public void The_mode_decides_the_quorum()
    {
        Genesis Of(ConsensusMode mode) => new(
            "test", mode, new(1),
            [.. Enumerable.Range(1, 4).Select(i => new Validator($"v{i}", Key((byte)i).PublicKey))], []);
        Assert.Equal(Quorums.Byzantine(4), Of(ConsensusMode.Pbft).Validators.Quorums);
        Assert.Equal(Quorums.Crash(4), Of(ConsensusMode.Raft).Validators.Quorums);
    }

    [Fact]
    public void Whatever_differs_in_a_genesis_differs_in_its_hash()
    {
        Validator[] validators = [new("one", Key(1).PublicKey), new("two", Key(2).PublicKey)];
        GenesisRole[] roles =
            [new(Admin.PublicKey, Role.Admin, ""), new(Alice.PublicKey, Role.Writer, "docs")];
        Genesis[] all =
        [
            new("test", ConsensusMode.Pbft, new(1), validators, roles),
            new("tess", ConsensusMode.Pbft, new(1), validators, roles),
            new("test", ConsensusMode.Raft, new(1), validators, roles),
            new("test", ConsensusMode.Pbft, new(2), validators, roles),
            new("test", ConsensusMode.Pbft, new(1), [validators[1], validators[0]], roles),
            new("test", ConsensusMode.Pbft, new(1), [validators[0]], roles),
            new("test", ConsensusMode.Pbft, new(1), [validators[0], new("tow", Key(2).PublicKey)], roles),
            new("test", ConsensusMode.Pbft, new(1), [validators[0], new("two", Key(3).PublicKey)], roles),
            new("test", ConsensusMode.Pbft, new(1), validators, [roles[0]]),
            new("test", ConsensusMode.Pbft, new(1), validators, roles, EvidencePolicy.Suspend),
            new("test", ConsensusMode.Pbft, new(1), validators,
                [roles[0], roles[1] with { Role = Role.Reader }]),
            new("test", ConsensusMode.Pbft, new(1), validators,
                [roles[0], roles[1] with { Namespace = "docz" }]),
            new("test", ConsensusMode.Pbft, new(1), validators,
                [roles[0], roles[1] with { Account = Bob.PublicKey }]),
        ];
        Assert.Distinct(all.Select(genesis => genesis.Hash));
    }

    [Fact]
    public void The_genesis_block_stands_at_height_0_and_holds_the_roles_in_its_state_root()
    {
        var block = new Chain().Genesis.Block;
        Assert.Equal((Height.Genesis, Digest.Zero), (block.Height, block.Parent));
        Assert.Empty(block.Transactions);
        var richer = new Chain(new GenesisRole(Alice.PublicKey, Role.Issuer, "")).Genesis.Block;
        Assert.NotEqual(block.Header.StateRoot, richer.Header.StateRoot);
    }

    private static IReadOnlyList<string> FaultsIn(string json)
        => Assert.Throws<GenesisException>(() => GenesisFile.Parse(json)).Faults;
}
