using Ledger.Core;
using Ledger.Node.Consensus;
using Ledger.Node.Transport;
using Ledger.Storage;

namespace Ledger.Node.Tests.Consensus;

/// <summary>What a witness is told of the members, and what it makes of it.</summary>
public sealed class MembersWordTests : IDisposable
{
    private static readonly Genesis Genesis = new(
        Keys.Chain, ConsensusMode.Raft, new(0),
        [.. Enumerable.Range(1, 3)
            .Select(i => new Validator($"validator-{i}", Keys.Of((byte)i).PublicKey, IsWitness: i == 3))],
        Keys.Roles);

    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-test-").FullName;
    private readonly List<MembersWord> _applied = [];

    [Fact]
    public void It_reads_back_from_its_file_with_the_witnesses_of_genesis()
    {
        Assert.Null(MembersWord.In(_folder, Genesis));
        WordAt(7).PutInto(_folder);
        var read = MembersWord.In(_folder, Genesis)!;
        Assert.Equal((new Height(7), true, false), (
            read.Height, read.History.IsWitness(new(2)), read.History.IsWitness(new(1))));
        Assert.Equal(Epoch.First(Genesis).Start, read.EpochOn(Genesis).Start);
    }

    [Fact]
    public void A_damaged_file_is_named_and_the_remedy_told()
    {
        WordAt(7).PutInto(_folder);
        var path = Assert.Single(Directory.GetFiles(_folder));
        var bytes = File.ReadAllBytes(path);
        for (var length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(path, bytes[..length]);
            Assert.Throws<DamagedDataException>(() => MembersWord.In(_folder, Genesis));
        }

        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        var fault = Assert.Throws<DamagedDataException>(() => MembersWord.In(_folder, Genesis));
        Assert.Contains($"{path} is damaged; remove it", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_word_of_the_longest_ledger_stands_and_one_that_says_the_same_changes_nothing()
    {
        MembersHearing hearing = new(Genesis, _folder, last: null, _applied.Add);
        Assert.Equal(FrameVerdict.Ok, await hearing.OnFrameAsync(new(0), WordAt(7).Encode(), default));
        Assert.Equal(FrameVerdict.Ok, await hearing.OnFrameAsync(new(1), WordAt(6).Encode(), default));
        Assert.Equal(FrameVerdict.Ok, await hearing.OnFrameAsync(new(1), WordAt(9).Encode(), default));
        Assert.Equal([new Height(7)], _applied.Select(word => word.Height));
    }

    [Fact]
    public async Task What_is_no_word_costs_the_connection()
    {
        MembersHearing hearing = new(Genesis, _folder, last: null, _applied.Add);
        var good = WordAt(7).Encode();
        for (var length = 0; length < good.Length; length++)
        {
            Assert.Equal(
                FrameVerdict.Disconnect("malformed_members"), await hearing.OnFrameAsync(
                    new(0), good.AsMemory(0, length), default));
        }

        // A witness in a seat that nobody has.
        good[^1] = 9;
        Assert.Equal(
            FrameVerdict.Disconnect("malformed_members"), await hearing.OnFrameAsync(new(0), good, default));
        Assert.Empty(_applied);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static MembersWord WordAt(ulong height)
        => new(new(height), Genesis.Block.Hash, ValidatorHistory.Of(Genesis));
}
