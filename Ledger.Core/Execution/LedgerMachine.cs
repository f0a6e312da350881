using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// The deterministic executor: block and parent state in, receipts, writes and roots out. Uncommitted blocks are layers
/// in memory over the final state; making one final flushes its layer. One owner at a time.
/// </summary>
public sealed class LedgerMachine
{
    private readonly Genesis _genesis;
    private readonly ILedgerStore _store;
    private readonly Dictionary<Digest, Layer> _layers = [];
    private StateTree _finalTree;

    /// <summary>Opens the ledger at the store's head; an empty store is given the genesis block.</summary>
    public LedgerMachine(Genesis genesis, ILedgerStore store)
    {
        _genesis = genesis;
        _store = store;
        if (store.Head is null)
        {
            store.Append([genesis.Build()]);
        }

        Head = store.Head ?? throw new InvalidOperationException("The store did not keep the genesis block.");
        HeadHash = Head.ComputeHash();
        _finalTree = StateTree.Open(store, Head.StateRoot);
    }

    /// <summary>The last final header.</summary>
    public BlockHeader Head { get; private set; }

    public Digest HeadHash { get; private set; }

    /// <summary>Packs and executes a block on its parent, which must be a layer or the final head.</summary>
    /// <param name="parent">Its hash.</param>
    /// <param name="candidates">In the order wanted; those that may not go in are passed over.</param>
    /// <param name="now">The proposer's clock.</param>
    /// <param name="proposer">This validator.</param>
    /// <param name="maxTransactions">At most <see cref="Limits.BlockTransactions"/>.</param>
    /// <param name="maxBytes">Of all transactions together.</param>
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
        List<Transaction> packed = [];
        HashSet<Digest> hashes = [];
        var bytes = 0;
        foreach (var transaction in candidates)
        {
            if (packed.Count == maxTransactions || bytes + transaction.Encoded.Length > maxBytes)
            {
                break;
            }

            if (TransactionRules.FaultAt(transaction.Body, time) is null
                && !IsKnown(transaction.Hash, layer) && hashes.Add(transaction.Hash))
            {
                packed.Add(transaction);
                bytes += transaction.Encoded.Length;
            }
        }

        var height = below.Height.Next;
        var (overlay, receipts) = Execute(packed, height, layer);
        var tree = TreeOf(layer).Update(ChangesOf(overlay));
        var header = new BlockHeader(
            _genesis.ChainId, height, parent, time, proposer, TransactionTree.RootOf(packed),
            ReceiptCodec.RootOf(receipts), tree.Root, _genesis.Validators.Hash, _genesis.Validators.Hash);
        var block = new Block(header, packed);
        _layers[block.Hash] = new(block, layer, overlay.Writes, receipts, tree, hashes);
        return block;
    }

    /// <summary>Executes a block and compares; a valid one is kept as a layer.</summary>
    /// <param name="block">Its body is known to fit its transactions root.</param>
    /// <param name="now">This replica's clock.</param>
    /// <param name="signatureIsValid">Checks a transaction's signature, or remembers that it was checked.</param>
    /// <returns>Null when valid, otherwise the rule it breaks.</returns>
    public string? Validate(Block block, Timestamp now, Func<Transaction, bool> signatureIsValid)
    {
        if (_layers.ContainsKey(block.Hash))
        {
            return null;
        }

        if (!TryFindParent(block.Parent, out var layer, out var below))
        {
            return "its parent is not known here";
        }

        if (HeaderFault(block.Header, below, now) is { } headerFault)
        {
            return headerFault;
        }

        return TransactionsFault(block, layer, signatureIsValid) ?? KeepIfRootsAgree(block, layer);
    }

    /// <summary>
    /// Makes blocks final, ascending from the head. One that was not executed yet (it came with its certificate) is
    /// executed now: a quorum has vouched for it, so a difference in a root means that this node's state is wrong.
    /// </summary>
    public IReadOnlyList<FinalBlock> Finalise(
        IReadOnlyList<Block> blocks, IReadOnlyList<QuorumCertificate> certificates)
    {
        var final = new FinalBlock[blocks.Count];
        var trees = new StateTree[blocks.Count];
        for (var i = 0; i < blocks.Count; i++)
        {
            var block = blocks[i];
            if (!_layers.ContainsKey(block.Hash))
            {
                Invariant.Holds(TryFindParent(block.Parent, out var below, out _), "a final block's parent is known");
                var fault = KeepIfRootsAgree(block, below);
                Invariant.Holds(fault is null, $"the state agrees with the certified block {block}: {fault}");
            }

            var layer = _layers[block.Hash];
            var certificate = certificates.FirstOrDefault(c => c.Subject.Block == block.Hash);
            trees[i] = layer.Tree;
            final[i] = new(block, certificate, layer.Receipts, [.. layer.Writes.Values], layer.Tree.PageWrites());
        }

        _store.Append(final);
        foreach (var tree in trees)
        {
            tree.Unload();
        }

        Head = blocks[^1].Header;
        HeadHash = blocks[^1].Hash;
        _finalTree = trees[^1];
        DropWhatDoesNotDescend(blocks);
        return final;
    }

    /// <summary>Whether a transaction is in the final chain or in an uncommitted block at or below this one.</summary>
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

    private StateTree TreeOf(Layer? layer) => layer?.Tree ?? _finalTree;

    private string? HeaderFault(BlockHeader header, BlockHeader below, Timestamp now)
    {
        if (header.ChainId != _genesis.ChainId || header.Height != below.Height.Next)
        {
            return "it is of another chain or height than its parent says";
        }

        if (header.Time < below.Time)
        {
            return "its time runs backwards";
        }

        // A parent's time may be all that keeps it ahead of a clock; only what lies beyond both is refused.
        var early = now.Plus(-Limits.ClockDrift);
        var late = now.Plus(Limits.ClockDrift);
        if (header.Time > late || (header.Time < early && header.Time != below.Time))
        {
            return $"its time is {header.Time}, this clock says {now}: more than {Limits.ClockDrift.TotalSeconds} s apart";
        }

        return header.ValidatorsHash == _genesis.Validators.Hash && header.NextValidatorsHash == _genesis.Validators.Hash
            ? null
            : "it names other validators";
    }

    private string? TransactionsFault(Block block, Layer? layer, Func<Transaction, bool> signatureIsValid)
    {
        HashSet<Digest> seen = [];
        for (var i = 0; i < block.Transactions.Count; i++)
        {
            var transaction = block.Transactions[i];
            var fault = TransactionRules.FaultIn(transaction.Body, _genesis.ChainId)
                ?? TransactionRules.FaultAt(transaction.Body, block.Header.Time)
                ?? (!seen.Add(transaction.Hash) || IsKnown(transaction.Hash, layer) ? "it was applied before" : null)
                ?? (signatureIsValid(transaction) ? null : "its signature is not valid");
            if (fault is not null)
            {
                return $"transaction {i}: {fault}";
            }
        }

        return null;
    }

    private string? KeepIfRootsAgree(Block block, Layer? layer)
    {
        var (overlay, receipts) = Execute(block.Transactions, block.Height, layer);
        var tree = TreeOf(layer).Update(ChangesOf(overlay));
        if (tree.Root != block.Header.StateRoot)
        {
            return "its state root is not what execution gives";
        }

        if (ReceiptCodec.RootOf(receipts) != block.Header.ReceiptsRoot)
        {
            return "its receipts root is not what execution gives";
        }

        HashSet<Digest> hashes = new(block.Transactions.Count);
        foreach (var transaction in block.Transactions)
        {
            hashes.Add(transaction.Hash);
        }

        _layers[block.Hash] = new(block, layer, overlay.Writes, receipts, tree, hashes);
        return null;
    }

    private (Overlay Overlay, Receipt[] Receipts) Execute(
        IReadOnlyList<Transaction> transactions, Height height, Layer? layer)
    {
        var overlay = new Overlay(layer, _store);
        var receipts = new Receipt[transactions.Count];
        for (var i = 0; i < receipts.Length; i++)
        {
            receipts[i] = Execute(transactions[i], height, overlay);
        }

        return (overlay, receipts);
    }

    private static Receipt Execute(Transaction transaction, Height height, Overlay overlay)
    {
        var operations = transaction.Body.Operations;
        for (var i = 0; i < operations.Count; i++)
        {
            var failure = OperationExecutor.Apply(operations[i], transaction.Sender, height, overlay);
            if (failure != FailureReason.None)
            {
                overlay.Discard();
                return new(transaction.Hash, failure, i);
            }
        }

        overlay.Keep();
        return new(transaction.Hash, FailureReason.None, 0);
    }

    private static StateChange[] ChangesOf(Overlay overlay)
    {
        var changes = new StateChange[overlay.Writes.Count];
        var i = 0;

        // In no particular order: the tree sorts them by path.
        foreach (var (path, write) in overlay.Writes)
        {
            changes[i++] = new(path, write.Value is null ? null : StateKey.ValueDigest(write.Value));
        }

        return changes;
    }

    private void DropWhatDoesNotDescend(IReadOnlyList<Block> final)
    {
        foreach (var block in final)
        {
            _layers.Remove(block.Hash);
        }

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
