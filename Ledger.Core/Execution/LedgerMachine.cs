using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// The deterministic executor: block and parent state in, receipts, writes and roots out. Uncommitted blocks
/// are layers in memory over the final state; making one final flushes its layer. One owner at a time.
/// </summary>
public sealed class LedgerMachine
{
    private readonly Genesis _genesis;
    private readonly ILedgerStore _store;
    private readonly EvidenceRules _evidence;
    private readonly Dictionary<Digest, Layer> _layers = [];
    private readonly Digest _validatorsPath = StateKey.PathOf(StateKey.Validators);
    private StateTree _finalTree;

    /// <summary>Opens the ledger at the store's head; an empty store is given the genesis block.</summary>
    /// <param name="genesis">The chain.</param>
    /// <param name="store">Its final state.</param>
    /// <param name="verify">How validators sign here; Ed25519 when left out.</param>
    /// <exception cref="InvalidDataException">The store holds another chain's blocks.</exception>
    public LedgerMachine(Genesis genesis, ILedgerStore store, StatementVerifier? verify = null)
    {
        _genesis = genesis;
        _store = store;
        _evidence = new(genesis, verify ?? Statement.IsSignedBy);
        if (store.Head is null)
        {
            store.Append([genesis.Build()]);
        }

        Head = store.Head ?? throw new InvalidOperationException("The store did not keep the genesis block.");
        HeadHash = Head.ComputeHash();
        CheckIsOfThisChain();
        Epoch = EpochOf(store);
        _finalTree = StateTree.Open(store, Head.StateRoot);
    }

    /// <summary>The last final header.</summary>
    public BlockHeader Head { get; private set; }

    public Digest HeadHash { get; private set; }

    /// <summary>Whose set certifies the block after the head.</summary>
    public Epoch Epoch { get; private set; }

    /// <summary>
    /// The last block made final here that changed who has a seat; genesis when none was, since it was
    /// opened.
    /// </summary>
    public Height ValidatorsAsOf { get; private set; } = Height.Genesis;

    /// <summary>Packs and executes a block on its parent, which must be a layer or the final head.</summary>
    /// <param name="parent">Its hash.</param>
    /// <param name="candidates">In the order wanted; those that may not go in are passed over.</param>
    /// <param name="now">The proposer's clock.</param>
    /// <param name="proposer">This validator.</param>
    /// <param name="maxTransactions">No more than these, and never more than the protocol allows.</param>
    /// <param name="maxBytes">Of all transactions together, likewise; one goes in whatever its size.</param>
    /// <returns>Null when the parent is not known here.</returns>
    public Block? Propose(
        Digest parent,
        IReadOnlyList<Transaction> candidates,
        Timestamp now,
        ValidatorIndex proposer,
        int maxTransactions,
        int maxBytes)
    {
        if (!TryFindParent(parent, out var layer, out var below))
        {
            return null;
        }

        var time = now > below.Time ? now : below.Time;
        HashSet<Digest> hashes = [];
        var packed = Pack(candidates, time, layer, maxTransactions, maxBytes, hashes);
        var height = below.Height.Next;
        var outcome = Execute(packed, height, layer);
        var validators = EpochOn(layer).Validators;
        var header = new BlockHeader(
            _genesis.ChainId, height, parent, time, proposer, TransactionTree.RootOf(packed),
            ReceiptTree.RootOf(outcome.Receipts), outcome.Tree.Root, validators.Hash,
            NextValidators(outcome, validators).Hash);
        var block = new Block(header, packed);

        // The very same block may have been made before; blocks above it hold on to that layer.
        _layers.TryAdd(block.Hash, new(block, layer, outcome, hashes, EpochAfter(block, outcome, layer)));
        return block;
    }

    /// <summary>Executes a block and compares; a valid one is kept as a layer.</summary>
    /// <param name="block">Its body is known to fit its transactions root.</param>
    /// <param name="now">This replica's clock; null for a block that was found valid when it was new, by a
    /// quorum or here, whose time may lie far back by now.</param>
    /// <param name="signatureIsValid">Checks a transaction's signature, or remembers that it was
    /// checked.</param>
    /// <returns>Null when valid, otherwise the rule it breaks.</returns>
    public string? Validate(Block block, Timestamp? now, Func<Transaction, bool> signatureIsValid)
    {
        if (_layers.ContainsKey(block.Hash) || block.Hash == HeadHash)
        {
            return null;
        }

        if (!TryFindParent(block.Parent, out var layer, out var below))
        {
            return "its parent is not known here";
        }

        return BlockRules.FaultIn(block, below, _genesis.ChainId, EpochOn(layer).Validators, now)
            ?? TransactionsFault(block, layer, signatureIsValid)
            ?? KeepIfRootsAgree(block, layer);
    }

    /// <summary>
    /// Makes blocks final, ascending from the head. One that was not executed yet (it came with its
    /// certificate) is executed now: a quorum has vouched for it, so a difference in a root means that this
    /// node's state is wrong.
    /// </summary>
    /// <param name="blocks">Each the parent of the next, the first on the head.</param>
    /// <param name="certificates">Those among them that have one of their own.</param>
    /// <returns>What the store was given.</returns>
    public IReadOnlyList<FinalBlock> Finalise(
        IReadOnlyList<Block> blocks, IReadOnlyList<QuorumCertificate> certificates)
    {
        if (blocks.Count == 0)
        {
            return [];
        }

        var final = new FinalBlock[blocks.Count];
        var layers = new Layer[blocks.Count];
        for (var i = 0; i < final.Length; i++)
        {
            var block = blocks[i];
            Invariant.Holds(
                block.Parent == (i == 0 ? HeadHash : blocks[i - 1].Hash),
                "final blocks follow the head one by one");
            layers[i] = LayerOfCertified(block, i == 0 ? null : layers[i - 1]);
            var outcome = layers[i].Outcome;
            final[i] = new(
                block, CertificateOf(block, certificates), outcome.Receipts, outcome.Writes,
                outcome.Tree.PageWrites());
        }

        _store.Append(final);
        Head = blocks[^1].Header;
        HeadHash = blocks[^1].Hash;
        Epoch = layers[^1].Epoch;
        foreach (var layer in layers)
        {
            ValidatorsAsOf = HistoryIn(layer.Outcome) is null ? ValidatorsAsOf : layer.Block.Height;
            layer.Outcome.Tree.Unload();
            _layers.Remove(layer.Block.Hash);
        }

        _finalTree = layers[^1].Outcome.Tree;
        DropWhatDoesNotDescend();
        return final;
    }

    /// <summary>
    /// Whether a transaction is in the final chain or in an uncommitted block at or below this one.
    /// </summary>
    public bool IsKnown(Digest transaction, Digest tip)
        => IsKnown(transaction, _layers.GetValueOrDefault(tip));

    private bool IsKnown(Digest transaction, Layer? layer)
    {
        for (; layer is not null; layer = layer.Parent)
        {
            if (layer.Transactions.Contains(transaction))
            {
                return true;
            }
        }

        return _store.HoldsTransaction(transaction);
    }

    /// <summary>
    /// The header tells chains apart by name and validators; that all of genesis fits is the store's to
    /// check.
    /// </summary>
    private void CheckIsOfThisChain()
    {
        if (Head.ChainId != _genesis.ChainId || Head.NextValidatorsHash != EpochOf(_store).Validators.Hash
            || (Head.Height == Height.Genesis && HeadHash != _genesis.Block.Hash))
        {
            throw new InvalidDataException(
                $"The store holds chain '{Head.ChainId}' at height {Head.Height}, and not the chain "
                + $"'{_genesis.ChainId}' of genesis {_genesis.Hash}; use the data folder of this chain.");
        }
    }

    private bool TryFindParent(Digest parent, out Layer? layer, out BlockHeader header)
    {
        header = Head;
        if (_layers.TryGetValue(parent, out layer))
        {
            header = layer.Block.Header;
            return true;
        }

        return parent == HeadHash;
    }

    private List<Transaction> Pack(
        IReadOnlyList<Transaction> candidates,
        Timestamp time,
        Layer? layer,
        int maxTransactions,
        int maxBytes,
        HashSet<Digest> hashes)
    {
        List<Transaction> packed = [];
        var count = Math.Min(maxTransactions, Limits.BlockTransactions);
        var room = Limits.BlockBytes - BlockCodec.FrameBytes;
        var bytes = 0;
        for (var i = 0; i < candidates.Count && packed.Count < count; i++)
        {
            var transaction = candidates[i];
            if (TransactionRules.FaultAt(transaction.Body, time) is not null
                || hashes.Contains(transaction.Hash) || IsKnown(transaction.Hash, layer))
            {
                continue;
            }

            bytes += transaction.Encoded.Length;
            room -= transaction.Encoded.Length + BlockCodec.TransactionFrameBytes;

            // A limit set below one transaction's size must not keep that transaction out for ever.
            if (room < 0 || (bytes > maxBytes && packed.Count > 0))
            {
                break;
            }

            hashes.Add(transaction.Hash);
            packed.Add(transaction);
        }

        return packed;
    }

    private string? TransactionsFault(Block block, Layer? layer, Func<Transaction, bool> signatureIsValid)
    {
        HashSet<Digest> seen = new(block.Transactions.Count);
        for (var i = 0; i < block.Transactions.Count; i++)
        {
            var transaction = block.Transactions[i];
            var fault = TransactionRules.FaultIn(transaction.Body, _genesis.ChainId)
                ?? TransactionRules.FaultAt(transaction.Body, block.Header.Time)
                ?? (!seen.Add(transaction.Hash) || IsKnown(transaction.Hash, layer)
                    ? "it was applied before" : null)
                ?? (signatureIsValid(transaction) ? null : "its signature is not valid");
            if (fault is not null)
            {
                return $"transaction {i}: {fault}";
            }
        }

        return null;
    }

    private Layer LayerOfCertified(Block block, Layer? below)
    {
        if (!_layers.ContainsKey(block.Hash))
        {
            var fault = KeepIfRootsAgree(block, below);
            Invariant.Holds(fault is null, $"the state agrees with the certified block {block}: {fault}");
        }

        return _layers[block.Hash];
    }

    private string? KeepIfRootsAgree(Block block, Layer? layer)
    {
        var outcome = Execute(block.Transactions, block.Height, layer);
        if (outcome.Tree.Root != block.Header.StateRoot)
        {
            return "its state root is not what execution gives";
        }

        if (ReceiptTree.RootOf(outcome.Receipts) != block.Header.ReceiptsRoot)
        {
            return "its receipts root is not what execution gives";
        }

        if (NextValidators(outcome, EpochOn(layer).Validators).Hash != block.Header.NextValidatorsHash)
        {
            return "the validators it names for the next block are not what execution gives";
        }

        HashSet<Digest> hashes = new(block.Transactions.Count);
        foreach (var transaction in block.Transactions)
        {
            hashes.Add(transaction.Hash);
        }

        _layers.Add(block.Hash, new(block, layer, outcome, hashes, EpochAfter(block, outcome, layer)));
        return null;
    }

    private Outcome Execute(IReadOnlyList<Transaction> transactions, Height height, Layer? layer)
    {
        var overlay = new Overlay(layer, _store, transactions.Count);
        var receipts = new Receipt[transactions.Count];
        for (var i = 0; i < receipts.Length; i++)
        {
            receipts[i] = Execute(transactions[i], height, overlay);
        }

        return Outcome.Of(overlay, receipts, layer is null ? _finalTree : layer.Outcome.Tree);
    }

    /// <summary>The epoch of a block on this layer.</summary>
    private Epoch EpochOn(Layer? layer) => layer is null ? Epoch : layer.Epoch;

    /// <summary>The epoch of the block after this one.</summary>
    private Epoch EpochAfter(Block block, Outcome outcome, Layer? below)
        => block.Header.EndsEpoch
            ? Epoch.After(HistoryIn(outcome)!.Epoch, HistoryIn(outcome)!.Current, block.Height, block.Hash)
            : EpochOn(below);

    private ValidatorSet NextValidators(Outcome outcome, ValidatorSet validators)
        => HistoryIn(outcome)?.Current ?? validators;

    /// <summary>What a block has made of the validators; null when it left them alone.</summary>
    private ValidatorHistory? HistoryIn(Outcome outcome)
        => outcome.ByPath.TryGetValue(_validatorsPath, out var write)
        ? ValidatorHistory.Decode(_genesis, write.Value!) : null;

    private Epoch EpochOf(ILedgerStore store)
    {
        var history = ValidatorHistory.Read(_genesis, key => store.ReadState(key));
        if (history.Epoch == 0)
        {
            return Epoch.First(_genesis);
        }

        var height = history.Changes[^1];
        var began = store.ReadHeader(height) ?? throw new InvalidDataException(
            $"The store lacks header {height}, which changed the validators; take the data folder of "
            + "another validator.");
        return Epoch.After(history.Epoch, history.Current, height, began.ComputeHash());
    }

    private Receipt Execute(Transaction transaction, Height height, Overlay overlay)
    {
        var operations = transaction.Body.Operations;
        for (var i = 0; i < operations.Count; i++)
        {
            var failure = OperationExecutor.Apply(
                operations[i], transaction.Sender, _genesis, height, overlay, _evidence);
            if (failure != FailureReason.None)
            {
                overlay.Discard();
                return new(transaction.Hash, failure, i);
            }
        }

        overlay.Keep();
        return new(transaction.Hash, FailureReason.None, 0);
    }

    private static QuorumCertificate? CertificateOf(
        Block block, IReadOnlyList<QuorumCertificate> certificates)
    {
        foreach (var certificate in certificates)
        {
            if (certificate.Subject.Block == block.Hash)
            {
                return certificate;
            }
        }

        return null;
    }

    /// <summary>
    /// Keeps the layers above the head. Parents come before their children, so heights ascend.
    /// </summary>
    private void DropWhatDoesNotDescend()
    {
        foreach (var layer in _layers.Values.OrderBy(layer => layer.Block.Height).ToList())
        {
            if (layer.Block.Parent == HeadHash)
            {
                layer.ParentIsFinal();
            }
            else if (!_layers.ContainsKey(layer.Block.Parent))
            {
                _layers.Remove(layer.Block.Hash);
            }
        }
    }
}
