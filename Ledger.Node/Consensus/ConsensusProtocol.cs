using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Configuration;

namespace Ledger.Node.Consensus;

/// <summary>The one place where the genesis file's mode is asked for.</summary>
internal static class ConsensusProtocol
{
    public static IConsensusProtocol Of(
        ValidatorDirectory directory, NodeOptions options, ISignatureVerifier signatures)
        => directory.Genesis.Mode switch
        {
            ConsensusMode.Raft => new RaftConsensus(directory, options.Raft, signatures),
            _ => new PbftConsensus(directory, options.Pbft, options.RequestTimeout, signatures),
        };
}
