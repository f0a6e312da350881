using Ledger.Crypto;

namespace Ledger.Core.Tests.Proofs;

/// <summary>
/// A chain whose validators' keys are at hand, so that every kind of proof and of forgery can be made.
/// </summary>
internal sealed class ProofChain
{
    private readonly List<(Block Block, IReadOnlyList<Receipt> Receipts)> _blocks = [];
    private ulong _nonce;

    public ProofChain(int validators = 4, ConsensusMode mode = ConsensusMode.Pbft, string chainId = "proofs")
    {
        Keys = [.. Enumerable.Range(1, validators).Select(i => Chain.Key((byte)i))];
        Genesis = new(
            chainId, mode, new(1_700_000_000_000),
            [.. Keys.Select((key, i) => new Validator($"validator-{i}", key.PublicKey))],
            [
                new(Chain.Admin.PublicKey, Role.Admin, ""), new(Chain.Admin.PublicKey, Role.Issuer, ""),
                new(Chain.Admin.PublicKey, Role.Writer, "*"),
            ]);
        Machine = new(Genesis, Store);
    }

    /// <summary>Of every seat that was ever given, left ones too.</summary>
    public List<SigningKey> Keys { get; }

    public DictionaryLedgerStore Store { get; } = new();

    public Genesis Genesis { get; }

    public LedgerMachine Machine { get; }

    private ValidatorHistory History => ValidatorHistory.Read(Genesis, key => Store.ReadState(key));

    private static Timestamp Now => new(1_700_000_001_000);

    public Transaction Sign(params Operation[] operations) => Transaction.Sign(
        new(Genesis.ChainId, Chain.Admin.PublicKey, Now.Plus(TimeSpan.FromHours(1)), ++_nonce, operations),
        Chain.Admin);

    public Operation.Put Put(string @namespace, string key, string value)
        => new(@namespace, key, System.Text.Encoding.UTF8.GetBytes(value));

    /// <summary>One more final block; with nothing given, of one transaction.</summary>
    public Block Grow(params Transaction[] transactions)
    {
        var held = transactions.Length > 0 ? transactions : [Sign(Put("notes", "nothing", "much"))];
        var block = Machine.Propose(
            Machine.HeadHash, held, Now, Machine.Epoch.Validators.Indices[0], Limits.BlockTransactions,
            Limits.BlockBytes)!;
        _blocks.Add((block, Machine.Finalise([block], [])[0].Receipts));
        return block;
    }

    /// <summary>One more final block, which gives the next seats to newcomers and empties others.</summary>
    public Block Change(int newcomers, params int[] leaving)
    {
        List<Operation> operations = [];
        foreach (var seat in Enumerable.Range(Keys.Count, newcomers))
        {
            Keys.Add(Chain.Key((byte)(seat + 1)));
            operations.Add(
                new Operation.AddValidator($"validator-{seat}", Keys[seat].PublicKey, "localhost:7000"));
        }

        operations.AddRange(leaving.Select(seat => new Operation.RemoveValidator(Keys[seat].PublicKey)));
        return Grow(Sign([.. operations]));
    }

    /// <summary>
    /// What a quorum signs under the block at <paramref name="certified"/>, the headers up to it, and all
    /// changes of the validators below it.
    /// </summary>
    public FinalityProof Finality(
        int height, int? certified = null, ulong view = 7, IEnumerable<int>? signers = null)
    {
        var top = certified ?? height;
        return new(
            HeaderAt(height), [.. Enumerable.Range(height + 1, top - height).Select(HeaderAt)], new(view),
            Signers(signers ?? QuorumAt(top), top, view))
        {
            Changes = [.. History.Changes.Where(change => change.Value < (ulong)top).Select(ChangeAt)],
        };
    }

    /// <summary>A change as those who were validators before it certify it.</summary>
    public CertifiedChange ChangeAt(Height height)
    {
        var at = (int)height.Value;
        return new(HeaderAt(at), new(3), Signers(QuorumAt(at), at, view: 3), History.ChangesOf(
            History.EpochAt(height) + 1));
    }

    public IReadOnlyList<Signer> Signers(IEnumerable<int> validators, int height, ulong view)
        => [.. validators.Select(validator => Signer(validator, height, view))];

    public Signer Signer(int validator, int height, ulong view)
    {
        var statement = new byte[Statement.Size];
        new Subject(new(view), new((ulong)height), HeaderAt(height).ComputeHash()).Commit(Genesis.Hash)
            .WriteTo(statement);
        return new(new(validator), Keys[validator].Sign(statement));
    }

    public ReceiptProof Receipt(int height, int index, FinalityProof? finality = null)
    {
        var (block, receipts) = _blocks[height - 1];
        return new ReceiptProver(Genesis.Hash, block.Encoded, receipts, finality ?? Finality(height))
            .Prove(index);
    }

    public HeadersProof Headers(int from, int to, FinalityProof? finality = null)
        => new(Genesis.Hash, finality ?? Finality(from, to));

    /// <summary>Of the state after the head.</summary>
    public KeyProof Key(string @namespace, string key) => Key(StateKey.ForEntry(@namespace, key));

    public KeyProof Key(byte[] stateKey)
        => StateProver.Prove(Genesis.Hash, Store, Finality(_blocks.Count), stateKey);

    public PrefixProof Prefix(string @namespace, string prefix) => StateProver.Prove(
        Genesis.Hash, Store, Finality(_blocks.Count), StateKey.ForEntry(@namespace, prefix),
        Store.Namespaces(), Store.Range)!;

    public Verdict Verify(Proof proof) => ProofVerifier.Verify(proof, Genesis);

    /// <summary>The last seats of the set that certifies a block, as many as it takes.</summary>
    private IEnumerable<int> QuorumAt(int height)
    {
        var validators = History.SetAt(new((ulong)height));
        return validators.Indices.TakeLast(validators.Quorums.Quorum).Select(seat => seat.Value);
    }

    private BlockHeader HeaderAt(int height)
        => height == 0 ? Genesis.Block.Header : _blocks[height - 1].Block.Header;
}
