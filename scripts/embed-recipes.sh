#!/usr/bin/env bash
# Writes Sources/Bundles/Recipe/BuiltinRecipes.swift from fixtures/pyserver. A test compares the two.
set -euo pipefail
cd "$(dirname "$0")/.."
{
    cat <<'HEAD'
// Made by scripts/embed-recipes.sh from fixtures/pyserver: change those, not this.

/// A recipe that the tool carries with it.
struct BuiltinRecipe: Sendable {
    let recipe: String
    /// The files beside the recipe.
    let files: [String: String]

    static let all = ["pyserver": BuiltinRecipe(recipe: pyserver, files: ["server.py": server])]

    private static let pyserver = #####"""
HEAD
    cat fixtures/pyserver/pyserver.recipe.json
    printf '\n"""#####\n\n    private static let server = #####"""\n'
    cat fixtures/pyserver/server.py
    printf '\n"""#####\n}\n'
} >Sources/Bundles/Recipe/BuiltinRecipes.swift
