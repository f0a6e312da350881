using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Tests.Transport;
using Ledger.Storage;

namespace Ledger.Node.Tests;

/// <summary>
/// A ledger on disk that grows as a test says, each block with its validators' certificate.
/// </summary>
internal sealed class FinalChain : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestChain _validators;

    public FinalChain(TestChain validators, TimeProvider? clock = null)
    {
        _validators = validators;
        Clock = clock ?? new ManualClock();
        Genesis = Keys.GenesisOf(
            Clock, [.. Enumerable.Range(0, validators.Validators.Count).Select(validators.Key)]);
        Store = LedgerStore.Open(_folder.Path, Genesis.Hash, Genesis.ChainId, StorageOptions.Default);
        Machine = new(Genesis, Store);
    }

    public TimeProvider Clock { get; }

    public Genesis Genesis { get; }

    public LedgerStore Store { get; }

    public LedgerMachine Machine { get; }

    public Block Propose(Digest parent, params Transaction[] transactions)
        => Machine.Propose(
            parent, transactions, Keys.TimeOf(Clock), new(0), Limits.BlockTransactions, Limits.BlockBytes)!;

    /// <summary>
    /// Makes one block of these final, under a certificate of its own unless told otherwise.
    /// </summary>
    public Block Grow(Transaction[] transactions, bool isCertified = true)
    {
        var block = Propose(Machine.HeadHash, transactions);
        Machine.Finalise([block], isCertified ? [Certify(block)] : []);
        return block;
    }

    public void Grow(int blocks)
    {
        for (var i = 0; i < blocks; i++)
        {
            Grow([Keys.Put(Clock)]);
        }
    }

    /// <summary>A commit certificate by a quorum.</summary>
    public QuorumCertificate Certify(Block block)
    {
        Subject subject = new(View.Zero, block.Height, block.Hash);
        var statement = new byte[Statement.Size];
        subject.Commit(Genesis.Hash).WriteTo(statement);
        return new(
            StatementKind.Commit, subject,
            [
                .. Enumerable.Range(0, Genesis.Validators.Quorums.Quorum)
                    .Select(i => new Signer(new(i), _validators.Key(i).Sign(statement))),
            ]);
    }

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }
}
