using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus;

/// <summary>Where a replica starts from: what its disk holds.</summary>
/// <param name="GenesisBlock">Hash of the genesis block.</param>
/// <param name="Recent">Hashes of the last final blocks, ascending, the head last.</param>
/// <param name="Head">The height of the last.</param>
public sealed record FinalHead(Digest GenesisBlock, IReadOnlyList<Digest> Recent, Height Head);
